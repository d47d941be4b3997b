//! The part of the Admin API's schema that the simulator knows.

use std::collections::HashMap;
use std::sync::OnceLock;

/// One type a line: its fields, each with its arguments in brackets and what it is: nothing for a scalar, `=T` an object, `=[T]` a
/// list, `=*T` a connection, `=M` a MoneyBag.
const TYPES: &str = "
QueryRoot: shop=Shop orders=*Order order(id)=Order products=*Product product(id)=Product productVariants=*ProductVariant productVariant(id)=ProductVariant inventoryItems=*InventoryItem inventoryItem(id)=InventoryItem locations=*Location location(id)=Location events=*Event node(id)=Node nodes(ids)=[Node] bulkOperation(id)=BulkOperation bulkOperations=*BulkOperation currentBulkOperation(type)=BulkOperation currentAppInstallation=AppInstallation ordersCount(query,limit)=Count productsCount(query,limit)=Count
Mutation: bulkOperationRunQuery(query,groupObjects)=BulkOperationRunQueryPayload bulkOperationCancel(id)=BulkOperationCancelPayload
BulkOperationRunQueryPayload: bulkOperation=BulkOperation userErrors=[UserError]
BulkOperationCancelPayload: bulkOperation=BulkOperation userErrors=[UserError]
UserError: field message code
BulkOperation: id status errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl query type
AppInstallation: id accessScopes=[AccessScope]
AccessScope: handle description
Count: count precision
Node: id
Shop: id name email myshopifyDomain currencyCode ianaTimezone timezoneAbbreviation taxesIncluded plan=ShopPlan enabledPresentmentCurrencies createdAt
ShopPlan: publicDisplayName partnerDevelopment shopifyPlus
PageInfo: hasNextPage hasPreviousPage startCursor endCursor
MoneyBag: shopMoney=MoneyV2 presentmentMoney=MoneyV2
MoneyV2: amount currencyCode
Order: id legacyResourceId name email createdAt processedAt updatedAt cancelledAt cancelReason closedAt closed test currencyCode presentmentCurrencyCode taxesIncluded displayFinancialStatus displayFulfillmentStatus sourceName paymentGatewayNames discountCodes discountCode tags customer=Customer shippingAddress=MailingAddress billingAddress=MailingAddress totalPriceSet=M subtotalPriceSet=M totalDiscountsSet=M totalShippingPriceSet=M totalTaxSet=M totalRefundedSet=M totalRefundedShippingSet=M totalTipReceivedSet=M totalReceivedSet=M totalOutstandingSet=M currentTotalPriceSet=M currentSubtotalPriceSet=M currentTotalTaxSet=M currentTotalDiscountsSet=M currentShippingPriceSet=M netPaymentSet=M originalTotalPriceSet=M totalCashRoundingAdjustment=CashRoundingAdjustment currentTotalDutiesSet=M originalTotalDutiesSet=M currentTotalAdditionalFeesSet=M originalTotalAdditionalFeesSet=M edited subtotalLineItemsQuantity currentSubtotalLineItemsQuantity channelInformation=ChannelInformation customerJourneySummary=CustomerJourneySummary lineItems=*LineItem shippingLines(includeRemovals)=*ShippingLine refunds(first)=[Refund] transactions(first)=[OrderTransaction] taxLines=[TaxLine]
ChannelInformation: id channelId
CashRoundingAdjustment: paymentSet=M refundSet=M
Customer: id legacyResourceId email numberOfOrders createdAt updatedAt
MailingAddress: countryCodeV2 country provinceCode province city
CustomerJourneySummary: ready daysToConversion customerOrderIndex momentsCount=Count moments(reverse)=*CustomerMoment firstVisit=CustomerVisit lastVisit=CustomerVisit
CustomerMoment: occurredAt
CustomerVisit: id occurredAt landingPage landingPageHtml referrerUrl referralCode source sourceType sourceDescription utmParameters=UTMParameters
UTMParameters: source medium campaign content term
LineItem: id quantity currentQuantity refundableQuantity unfulfilledQuantity sku title name variantTitle vendor isGiftCard requiresShipping taxable variant=ProductVariant product=Product originalUnitPriceSet=M originalTotalSet=M discountedUnitPriceSet=M discountedTotalSet=M totalDiscountSet=M discountAllocations=[DiscountAllocation] taxLines(first)=[TaxLine]
DiscountAllocation: allocatedAmountSet=M
TaxLine: title rate ratePercentage priceSet=M
ShippingLine: id title code originalPriceSet=M discountedPriceSet=M currentDiscountedPriceSet=M taxLines=[TaxLine] discountAllocations=[DiscountAllocation]
Refund: id legacyResourceId createdAt updatedAt processedAt note totalRefundedSet=M refundLineItems=*RefundLineItem refundShippingLines=*RefundShippingLine orderAdjustments=*OrderAdjustment transactions=*OrderTransaction order=Order
RefundLineItem: id quantity restockType restocked lineItem=LineItem priceSet=M subtotalSet=M totalTaxSet=M location=Location
RefundShippingLine: id subtotalAmountSet=M taxAmountSet=M shippingLine=ShippingLine
OrderAdjustment: id reason amountSet=M taxAmountSet=M
OrderTransaction: id kind status gateway createdAt processedAt test amountSet=M
Product: id legacyResourceId title handle status vendor productType tags createdAt updatedAt publishedAt totalInventory tracksInventory isGiftCard variants=*ProductVariant
ProductVariant: id legacyResourceId sku title displayName barcode price compareAtPrice selectedOptions=[SelectedOption] inventoryQuantity inventoryPolicy taxable createdAt updatedAt product=Product inventoryItem=InventoryItem
SelectedOption: name value
InventoryItem: id legacyResourceId sku tracked requiresShipping createdAt updatedAt unitCost=MoneyV2 variant=ProductVariant inventoryLevels=*InventoryLevel
InventoryLevel: id createdAt updatedAt isActive location=Location item=InventoryItem quantities(names)=[InventoryQuantity]
InventoryQuantity: id name quantity updatedAt
Location: id legacyResourceId name isActive createdAt updatedAt
Event: id action message createdAt attributeToApp attributeToUser criticalAlert
BasicEvent: id action message subjectId subjectType createdAt attributeToApp attributeToUser criticalAlert
";

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Scalar,
    Object(&'static str),
    List(&'static str),
    Connection(&'static str),
}

/// A field of a type.
#[derive(Debug)]
pub struct FieldType {
    pub name: &'static str,
    pub kind: Kind,
    arguments: Vec<&'static str>,
}

type Fields = HashMap<&'static str, FieldType>;

/// What every connection takes.
const PAGING: [&str; 8] = ["first", "last", "after", "before", "reverse", "sortKey", "query", "savedSearchId"];

fn types() -> &'static HashMap<&'static str, Fields> {
    static READ: OnceLock<HashMap<&'static str, Fields>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut types = HashMap::new();
        for (name, fields) in TYPES.lines().filter_map(|line| line.split_once(": ")) {
            types.insert(name, fields.split(' ').map(field).collect::<Fields>());
        }
        types
    })
}

fn field(written: &'static str) -> (&'static str, FieldType) {
    let (head, kind) = written.split_once('=').unwrap_or((written, ""));
    let (name, arguments) = head.split_once('(').unwrap_or((head, ""));
    let arguments = arguments.trim_end_matches(')').split(',').filter(|argument| !argument.is_empty()).collect();
    let kind = match kind {
        "" => Kind::Scalar,
        "M" => Kind::Object("MoneyBag"),
        list if list.starts_with('[') => Kind::List(list.trim_matches(['[', ']'])),
        connection if connection.starts_with('*') => Kind::Connection(&connection[1..]),
        object => Kind::Object(object),
    };
    (name, FieldType { name, kind, arguments })
}

/// A field of a type; none where there is none.
pub fn find(kind: &str, name: &str) -> Option<&'static FieldType> {
    types().get(kind)?.get(name)
}

/// A type's name as this program keeps it.
pub fn known(kind: &str) -> Option<&'static str> {
    types().get_key_value(kind).map(|(name, _)| *name)
}

impl FieldType {
    pub fn takes(&self, argument: &str) -> bool {
        let paged = matches!(self.kind, Kind::Connection(_)) && PAGING.contains(&argument);
        paged || self.arguments.contains(&argument)
    }
}

#[cfg(test)]
pub fn all() -> impl Iterator<Item = (&'static str, &'static FieldType)> {
    types().iter().flat_map(|(name, fields)| fields.values().map(move |field| (*name, field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        for (name, field) in all() {
            let (Kind::Object(to) | Kind::List(to) | Kind::Connection(to)) = field.kind else { continue };
            assert!(known(to).is_some(), "{name}.{} is a {to}", field.name);
        }
    }
}
