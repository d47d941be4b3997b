//! The questions, put together from the parts in `assets/shopify`. Parts are pasted in, not named as fragments, because a bulk
//! operation refuses fragments.

const ORDER: &str = include_str!("../../../assets/shopify/order.graphql");
const LINE: &str = include_str!("../../../assets/shopify/line.graphql");
const SHIPPING: &str = include_str!("../../../assets/shopify/shipping.graphql");
const VISIT: &str = include_str!("../../../assets/shopify/visit.graphql");
/// What leads to an order is visits, by now; what else may come tells nothing here.
const MOMENT: &str = "... on CustomerVisit{@VISIT}";
const REFUND: &str = include_str!("../../../assets/shopify/refund.graphql");
const REFUND_LINE: &str = include_str!("../../../assets/shopify/refund_line.graphql");
const REFUND_SHIPPING: &str = "id subtotalAmountSet@M taxAmountSet@M";
const ADJUSTMENT: &str = "id reason amountSet@M taxAmountSet@M";
const PRODUCT: &str = include_str!("../../../assets/shopify/product.graphql");
const VARIANT: &str = include_str!("../../../assets/shopify/variant.graphql");
const LEVEL: &str = include_str!("../../../assets/shopify/level.graphql");

/// A name by which an operation that an earlier run left behind is known as ours.
pub(super) const BULK_NAME: &str = "PulsepointOrders";

/// What the shop is, and what the app may.
pub(super) const SHOP: &str = "query Shop{shop{id name myshopifyDomain currencyCode ianaTimezone \
    plan{publicDisplayName} enabledPresentmentCurrencies} currentAppInstallation{accessScopes{handle}}}";

/// Starts a bulk operation.
pub(super) const BULK_RUN: &str = "mutation Run($q:String!){bulkOperationRunQuery(query:$q)\
    {bulkOperation{id status} userErrors{field message code}}}";

/// Ends one.
pub(super) const BULK_CANCEL: &str = "mutation Cancel($id:ID!){bulkOperationCancel(id:$id)\
    {bulkOperation{id status} userErrors{field message}}}";

/// How many orders there are.
pub(super) const ORDERS_COUNT: &str = "query OrdersCount($q:String){ordersCount(query:$q,limit:null){count}}";

/// How one is.
pub(super) const BULK_LOOK: &str = "query Look($id:ID!){bulkOperation(id:$id)\
    {id status errorCode objectCount rootObjectCount url partialDataUrl}}";

/// Those that run.
pub(super) const BULK_RUNNING: &str = "query Running($q:String!){bulkOperations(first:10,query:$q)\
    {nodes{id status query}}}";

/// What was destroyed.
pub(super) const EVENTS: &str = "query Events($q:String,$after:String){events(first:100,after:$after,query:$q)\
    {pageInfo{hasNextPage endCursor} nodes{... on BasicEvent{id action subjectId subjectType createdAt}}}}";

/// The ids of orders and nothing else, in their own order.
pub(super) const ORDER_IDS: &str = "query OrderIds($q:String,$after:String,$first:Int!)\
    {orders(first:$first,after:$after,query:$q,sortKey:ID){pageInfo{hasNextPage endCursor} nodes{id}}}";

/// How much of the customer may be asked for: Shopify grants it apart from scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum People {
    /// The address (which is hashed) and where it was sent to.
    Whole,
    /// The customer's number alone.
    Number,
    /// Nothing.
    None,
}

impl People {
    /// What to try when this is refused.
    pub(super) fn less(self) -> Option<Self> {
        match self {
            Self::Whole => Some(Self::Number),
            Self::Number => Some(Self::None),
            Self::None => None,
        }
    }

    /// As it is remembered.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Number => "number",
            Self::None => "none",
        }
    }

    /// What was remembered; all, where nothing was.
    pub(super) fn parse(name: Option<&str>) -> Self {
        match name {
            Some("number") => Self::Number,
            Some("none") => Self::None,
            _ => Self::Whole,
        }
    }

    fn fields(self) -> &'static str {
        match self {
            Self::Whole => "customer{id email} shippingAddress{countryCodeV2 provinceCode city}",
            Self::Number => "customer{id}",
            Self::None => "",
        }
    }
}

fn filled(text: &str, people: People) -> String {
    filled_with(text, people, "moments(first:9){pageInfo{hasNextPage endCursor} nodes{@MOMENT}}")
}

fn filled_with(text: &str, people: People, moments: &str) -> String {
    text.replace("@ORDER", ORDER)
        .replace("@REFUNDS", REFUND)
        .replace("@REFUND_LINE", REFUND_LINE)
        .replace("@BACK", REFUND_SHIPPING)
        .replace("@ADJUSTMENT", ADJUSTMENT)
        .replace("@LINE", LINE)
        .replace("@SHIPPING", SHIPPING)
        .replace("@MOMENTS", moments)
        .replace("@MOMENT", MOMENT)
        .replace("@VISIT", VISIT)
        .replace("@PRODUCT", PRODUCT)
        .replace("@VARIANT", VARIANT)
        .replace("@LEVEL", LEVEL)
        .replace("@PEOPLE", people.fields())
        .replace("@M", "{shopMoney{amount currencyCode}}")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

const WHOLE_ORDER: &str = "@ORDER lineItems(first:20){pageInfo{hasNextPage endCursor} nodes{@LINE}} \
    shippingLines(first:5){pageInfo{hasNextPage endCursor} nodes{@SHIPPING}} refunds(first:10){@REFUNDS}";

/// Orders, page by page. `sort` is `UPDATED_AT` or `CREATED_AT` and must stay the same from page to page.
pub(super) fn orders(people: People, sort: &str) -> String {
    let text = format!(
        "query Orders($q:String!,$after:String,$first:Int!){{orders(first:$first,after:$after,query:$q,sortKey:{sort})\
         {{pageInfo{{hasNextPage endCursor}} nodes{{{WHOLE_ORDER}}}}}}}"
    );
    filled(&text, people)
}

/// Some orders by their ids.
pub(super) fn orders_by_id(people: People) -> String {
    filled(&format!("query Orders($ids:[ID!]!){{nodes(ids:$ids){{... on Order{{{WHOLE_ORDER}}}}}}}"), people)
}

/// All orders, as a bulk operation takes it: a refund's lines cannot be asked for there. Without `moments` only the first and the last
/// of an order's visits are in it.
pub(super) fn orders_in_bulk(people: People, search: &str, moments: bool) -> String {
    let search = if search.is_empty() { String::new() } else { format!("query:\"{search}\",") };
    let text = format!(
        "query {BULK_NAME}{{orders({search}sortKey:CREATED_AT){{edges{{node{{@ORDER \
         lineItems{{edges{{node{{@LINE}}}}}} shippingLines{{edges{{node{{@SHIPPING}}}}}} \
         refunds{{id createdAt totalRefundedSet@M}}}}}}}}}}"
    );
    filled_with(&text, people, if moments { "moments{edges{node{@MOMENT}}}" } else { "" })
}

/// The rest of an order's lines.
pub(super) fn more_lines() -> String {
    more("Order", "lineItems", "@LINE")
}

/// The rest of the visits that led to it.
pub(super) fn more_moments() -> String {
    let text = "query More($id:ID!,$after:String){node(id:$id){... on Order{customerJourneySummary{\
        moments(first:50,after:$after){pageInfo{hasNextPage endCursor} nodes{@MOMENT}}}}}}";
    filled(text, People::None)
}

/// The rest of what bringing it cost.
pub(super) fn more_shipping() -> String {
    more("Order", "shippingLines", "@SHIPPING")
}

/// The rest of a refund's lines.
pub(super) fn more_refund_lines() -> String {
    more("Refund", "refundLineItems", "@REFUND_LINE")
}

/// The rest of what a refund gave back of the shipping.
pub(super) fn more_refund_shipping() -> String {
    more("Refund", "refundShippingLines", "@BACK")
}

/// The rest of what a refund gave back for no line.
pub(super) fn more_adjustments() -> String {
    more("Refund", "orderAdjustments", "@ADJUSTMENT")
}

/// The rest of a product's variants.
pub(super) fn more_variants() -> String {
    more("Product", "variants", "@VARIANT")
}

/// The rest of an item's levels.
pub(super) fn more_levels() -> String {
    more("InventoryItem", "inventoryLevels", "@LEVEL")
}

fn more(kind: &str, field: &str, nodes: &str) -> String {
    let text = format!(
        "query More($id:ID!,$after:String){{node(id:$id){{... on {kind}{{{field}(first:50,after:$after)\
         {{pageInfo{{hasNextPage endCursor}} nodes{{{nodes}}}}}}}}}}}"
    );
    filled(&text, People::None)
}

/// The ids of an order's refunds: they are a list and no connection, of which Shopify tells so many and no more.
pub(super) const REFUND_IDS: &str = "query RefundIds($id:ID!){node(id:$id){... on Order{refunds(first:250){id}}}}";

/// Some refunds by their ids.
pub(super) fn refunds_by_id() -> String {
    filled("query Refunds($ids:[ID!]!){nodes(ids:$ids){... on Refund{@REFUNDS}}}", People::None)
}

/// Products with their variants.
pub(super) fn products() -> String {
    let text = "query Products($q:String,$after:String,$first:Int!)\
        {products(first:$first,after:$after,query:$q,sortKey:UPDATED_AT){pageInfo{hasNextPage endCursor} \
        nodes{@PRODUCT variants(first:50){pageInfo{hasNextPage endCursor} nodes{@VARIANT}}}}}";
    filled(text, People::None)
}

/// Variants with their products: what changed in a variant need not show in its product.
pub(super) fn variants() -> String {
    let text = "query Variants($q:String,$after:String,$first:Int!)\
        {productVariants(first:$first,after:$after,query:$q){pageInfo{hasNextPage endCursor} \
        nodes{@VARIANT product{@PRODUCT}}}}";
    filled(text, People::None)
}

/// Stock, item by item.
pub(super) fn items() -> String {
    let text = "query Items($q:String,$after:String,$first:Int!)\
        {inventoryItems(first:$first,after:$after,query:$q){pageInfo{hasNextPage endCursor} \
        nodes{id sku tracked updatedAt unitCost{amount currencyCode} variant{id title product{id title}} \
        inventoryLevels(first:10){pageInfo{hasNextPage endCursor} nodes{@LEVEL}}}}}";
    filled(text, People::None)
}
