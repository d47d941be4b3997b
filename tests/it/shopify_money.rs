//! The arithmetic of Shopify's orders and refunds: figures that were worked out by hand, and whatever proptest thinks of.

use proptest::prelude::*;
use pulsepoint::commerce::rows::{Batch, CustomerRef, Order, Refund};
use serde_json::{Value, json};

use crate::shopify_fixtures::parsed;

fn money(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" },
            "presentmentMoney": { "amount": "999.99", "currencyCode": "USD" } })
}

fn line(id: u32, quantity: i64, price: &str, fields: Value) -> Value {
    let mut line = json!({
        "id": format!("gid://shopify/LineItem/{id}"), "quantity": quantity, "currentQuantity": quantity, "sku": format!("SKU-{id}"),
        "name": format!("Thing {id} - M"), "title": format!("Thing {id}"), "isGiftCard": false,
        "product": { "id": "gid://shopify/Product/1" }, "variant": { "id": "gid://shopify/ProductVariant/1" },
        "originalUnitPriceSet": money(price), "discountAllocations": [], "taxLines": [],
    });
    merge(&mut line, fields);
    line
}

fn order(lines: Vec<Value>, fields: Value) -> Value {
    let mut order = json!({
        "id": "gid://shopify/Order/5001", "name": "#1", "createdAt": "2026-11-02T10:00:00Z", "currencyCode": "EUR",
        "taxesIncluded": false, "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "UNFULFILLED",
        "lineItems": { "nodes": lines }, "shippingLines": { "nodes": [] }, "refunds": [],
    });
    merge(&mut order, fields);
    order
}

fn merge(into: &mut Value, fields: Value) {
    if let (Some(into), Value::Object(fields)) = (into.as_object_mut(), fields) {
        into.extend(fields);
    }
}

fn refund(lines: Value, fields: Value) -> Value {
    let mut refund = json!({
        "id": "gid://shopify/Refund/7001", "createdAt": "2026-11-09T08:00:00Z", "processedAt": null,
        "refundLineItems": { "nodes": lines }, "refundShippingLines": { "nodes": [] }, "orderAdjustments": { "nodes": [] },
    });
    merge(&mut refund, fields);
    refund
}

fn back(line: u32, quantity: i64, subtotal: &str, tax: &str, restock: &str) -> Value {
    json!({ "id": "gid://shopify/RefundLineItem/1", "quantity": quantity, "restockType": restock,
            "lineItem": { "id": format!("gid://shopify/LineItem/{line}") },
            "subtotalSet": money(subtotal), "totalTaxSet": money(tax) })
}

fn read(order: Value) -> Batch {
    let parsed = parsed("orders", &json!({ "data": { "nodes": [order, null] } }));
    assert_eq!(parsed.rejects, []);
    parsed.batch
}

fn refused(order: Value) -> String {
    let parsed = parsed("orders", &json!({ "data": { "nodes": [order] } }));
    assert!(parsed.batch.orders.is_empty() && parsed.batch.refunds.is_empty(), "half of it landed");
    parsed.rejects[0].reason.clone()
}

fn one(batch: &Batch) -> (&Order, &Refund) {
    (&batch.orders[0], &batch.refunds[0])
}

fn tax(amount: &str) -> Value {
    json!([{ "title": "VAT", "rate": 0.19, "priceSet": money(amount) }])
}

#[test]
fn prices_that_contain_tax_are_taken_apart_on_both_sides() {
    let shipping = json!({ "nodes": [{ "id": "gid://shopify/ShippingLine/1", "originalPriceSet": money("11.9"),
        "discountedPriceSet": money("5.95"), "taxLines": tax("0.95") }] });
    let adjusted = json!({ "nodes": [{ "reason": "REFUND_DISCREPANCY", "amountSet": money("-5.0"), "taxAmountSet": money("0.0") },
        { "reason": "PENDING_REFUND_DISCREPANCY", "amountSet": money("3.0"), "taxAmountSet": money("0.0") }] });
    let given = json!({ "nodes": [{ "subtotalAmountSet": money("5.95"), "taxAmountSet": money("0.95") }] });
    let returned = refund(
        json!([back(1, 1, "59.5", "9.5", "RETURN")]),
        json!({ "processedAt": "2026-11-08T23:30:00Z", "refundShippingLines": given, "orderAdjustments": adjusted }),
    );
    let batch = read(order(
        vec![line(1, 2, "59.5", json!({ "taxLines": tax("19.0"), "currentQuantity": 1 }))],
        json!({ "taxesIncluded": true, "shippingLines": shipping, "refunds": [returned] }),
    ));
    let (order, refund) = one(&batch);
    // 119.00 with 19.00 inside: 2 × 50.00. 11.90 with 1.90 inside at half the price: 10.00 less 5.00.
    let sold = &order.lines[0];
    assert_eq!(
        (sold.quantity, sold.price_micros, sold.discount_micros, sold.tax_micros),
        (2, 50_000_000, 0, 19_000_000)
    );
    assert_eq!(
        (order.shipping_micros, order.shipping_discount_micros, order.tax_micros),
        (10_000_000, 5_000_000, 19_950_000)
    );
    // Of the refund 50.00 are the goods and 5.00 came on top; what is still pending moved nothing.
    let goods: Vec<(i64, i64)> = refund.lines.iter().map(|line| (line.quantity, line.goods_micros)).collect();
    assert_eq!(goods, [(1, 50_000_000), (0, 5_000_000)]);
    assert_eq!((refund.shipping_micros, refund.tax_micros), (5_000_000, 10_450_000));
    assert_eq!(refund.refunded_at, 1_794_180_600, "the day it was processed, not the day it was written down");
}

#[test]
fn what_an_edit_took_off_was_never_sold_and_what_a_refund_brought_back_was() {
    let off = json!([{ "allocatedAmountSet": money("2.0") }, { "allocatedAmountSet": money("1.0") }]);
    let edited =
        json!({ "currentQuantity": 1, "discountAllocations": off, "taxLines": tax("0.9"), "unfulfilledQuantity": 1 });
    let batch = read(order(vec![line(1, 3, "10.0", edited.clone())], json!({})));
    let sold = &batch.orders[0].lines[0];
    assert_eq!((sold.quantity, sold.discount_micros, sold.tax_micros), (1, 1_000_000, 300_000));
    assert_eq!((sold.fulfilled_quantity, batch.orders[0].tax_micros), (0, 300_000));

    let returned = refund(json!([back(1, 2, "18.0", "0.6", "CANCEL")]), json!({}));
    let batch = read(order(
        vec![line(1, 3, "10.0", edited)],
        json!({ "refunds": [returned], "cancelReason": "INVENTORY", "cancelledAt": "2026-11-09T08:00:00Z" }),
    ));
    let (order, refund) = one(&batch);
    assert_eq!((order.lines[0].quantity, order.lines[0].discount_micros), (3, 3_000_000));
    assert_eq!(order.lines[0].fulfilled_quantity, 0, "two came back before they were sent and one waits");
    assert_eq!((refund.lines[0].goods_micros, refund.tax_micros), (18_000_000, 600_000));
    assert_eq!((refund.reason.as_deref(), order.cancelled_at.is_some()), (Some("inventory"), true));
}

#[test]
fn more_may_come_back_than_was_sold() {
    let more = json!({ "nodes": [{ "reason": "REFUND_DISCREPANCY", "amountSet": money("-7.5"), "taxAmountSet": money("-0.5") }] });
    let over = refund(json!([back(1, 2, "20.0", "0.0", "NO_RESTOCK")]), json!({ "orderAdjustments": more }));
    let less =
        json!({ "nodes": [{ "reason": "REFUND_DISCREPANCY", "amountSet": money("4.0"), "taxAmountSet": null }] });
    let mut fee = refund(json!([back(1, 1, "10.0", "0.0", "LEGACY_RESTOCK")]), json!({ "orderAdjustments": less }));
    fee["id"] = "gid://shopify/Refund/7002".into();
    let sold = line(1, 2, "10.0", json!({ "currentQuantity": 0 }));
    let batch = read(order(vec![sold], json!({ "refunds": [over, fee] })));
    assert_eq!(batch.orders[0].lines[0].quantity, 2, "at most what was ordered");
    let goods: Vec<i64> =
        batch.refunds.iter().map(|refund| refund.lines.iter().map(|line| line.goods_micros).sum()).collect();
    assert_eq!(goods, [27_500_000, 6_000_000]);
    assert_eq!(batch.refunds[0].tax_micros, 500_000);
}

#[test]
fn gift_cards_are_no_sales_tips_are_no_lines_and_deleted_products_keep_their_names() {
    let gone = json!({ "product": null, "variant": null, "sku": null });
    let tip = json!({ "product": null, "variant": null, "sku": "", "name": "Tip", "title": "Tip" });
    let card = json!({ "isGiftCard": true, "sku": null, "name": "Gift card" });
    let off = json!({ "subtotalPriceSet": money("58.0"), "totalTipReceivedSet": money("3.0"),
        "refunds": [refund(json!([back(2, 1, "50.0", "0.0", "RETURN"), back(1, 1, "8.0", "0.0", "RETURN")]), json!({}))] });
    let mut lines = vec![line(1, 1, "10.0", gone), line(2, 1, "50.0", card), line(3, 1, "3.0", tip)];
    // Lines that do not tell what was taken off them.
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("discountAllocations");
    }
    let batch = read(order(lines, off));
    let (order, refund) = one(&batch);
    let told: Vec<_> =
        order.lines.iter().map(|line| (line.variant.title.as_str(), line.discount_micros, line.gift_card)).collect();
    assert_eq!(told, [("Thing 1 - M", 2_000_000, false), ("Gift card", 0, true)]);
    assert_eq!(refund.lines.len(), 1);
    assert_eq!(refund.lines[0].goods_micros, 8_000_000);
}

#[test]
fn who_ordered_is_a_hash_else_a_number_else_nobody() {
    let whose = |customer: Value| {
        let place = json!({ "countryCodeV2": "DE", "provinceCode": null, "city": "Köln" });
        read(order(vec![], json!({ "customer": customer, "shippingAddress": place }))).orders.remove(0)
    };
    let hash = format!("hashed:{}", "0f".repeat(16));
    let known = whose(json!({ "id": "gid://shopify/Customer/9", "email": hash }));
    assert_eq!(known.customer, Some(CustomerRef::Hashed([15; 16])));
    assert_eq!((known.country.as_deref(), known.region, known.city.as_deref()), (Some("DE"), None, Some("Köln")));
    for email in [Value::Null, "".into(), "ann@example.com".into()] {
        let numbered = whose(json!({ "id": "gid://shopify/Customer/9", "email": email }));
        assert_eq!(numbered.customer, Some(CustomerRef::SourceId("9".to_owned())));
    }
    assert_eq!(whose(Value::Null).customer, None);
}

#[test]
fn what_cannot_be_understood_is_put_aside_whole_and_the_rest_lands() {
    let sets = |field: &str, value: Value| line(1, 1, "10.0", json!({ field: value }));
    let dollars = json!({ "shopMoney": { "amount": "1.0", "currencyCode": "USD" } });
    let huge = money("9000000000000.0");
    for (bad, why) in [
        (order(vec![sets("originalUnitPriceSet", money("1e3"))], json!({})), "not an amount"),
        (order(vec![sets("originalUnitPriceSet", money("NaN"))], json!({})), "not an amount"),
        (order(vec![sets("originalUnitPriceSet", dollars)], json!({})), "in USD and in EUR"),
        (order(vec![sets("quantity", (-1).into())], json!({})), "negative"),
        (order(vec![sets("quantity", 1.5.into())], json!({})), "as Shopify describes"),
        (order(vec![line(1, 9_000, "0.0", json!({ "originalUnitPriceSet": huge }))], json!({})), "too large"),
        (order(vec![], json!({ "createdAt": "yesterday" })), "not a moment"),
        (order(vec![], json!({ "currencyCode": "XXX" })), "not a currency"),
        (order(vec![], json!({ "id": "gid://shopify/Order/" })), "not an id"),
        (order(vec![], json!({ "lineItems": null })), "as Shopify describes"),
        (order(vec![], json!({ "refunds": [refund(json!([]), json!({ "createdAt": null }))] })), "no date"),
    ] {
        let reason = refused(bad.clone());
        assert!(reason.contains(why), "{reason} | {bad}");
        let both = json!({ "data": { "orders": { "nodes": [bad, order(vec![], json!({}))] } } });
        let parsed = parsed("orders", &both);
        assert_eq!((parsed.batch.orders.len(), parsed.rejects.len()), (1, 1));
    }
    let unreadable = parsed("orders", &json!("text"));
    assert_eq!(unreadable.rejects.len(), 1);
}

/// Cents as Shopify writes them: `13.5` for 13.50.
fn written(cents: i64) -> String {
    let (whole, rest) = (cents / 100, cents % 100);
    if rest % 10 == 0 { format!("{whole}.{}", rest / 10) } else { format!("{whole}.{rest:02}") }
}

proptest! {
    #[test]
    fn parts_add_up_to_what_was_paid(
        lines in proptest::collection::vec((1_i64..9, 0_i64..100_000, 0_i64..100, 0_i64..27), 1..8),
        shipping in 0_i64..3_000, included: bool,
    ) {
        let mut paid = 0;
        let mut nodes = Vec::new();
        for (id, (quantity, price, off, rate)) in (1..).zip(&lines) {
            let discount = quantity * price * off / 100;
            let net = quantity * price - discount;
            let inside = if included { net * rate / (100 + rate) } else { net * rate / 100 };
            paid += if included { net } else { net + inside };
            let fields = json!({ "discountAllocations": [{ "allocatedAmountSet": money(&written(discount)) }],
                "taxLines": tax(&written(inside)) });
            nodes.push(line(id, *quantity, &written(*price), fields));
        }
        let carried = json!({ "nodes": [{ "originalPriceSet": money(&written(shipping)), "taxLines": [] }] });
        let batch = read(order(nodes, json!({ "taxesIncluded": included, "shippingLines": carried })));
        let order = &batch.orders[0];
        let goods: i64 = order.lines.iter().map(|line| line.price_micros * line.quantity - line.discount_micros).sum();
        let total = goods + order.tax_micros + order.shipping_micros - order.shipping_discount_micros;
        prop_assert_eq!(total, (paid + shipping) * 10_000);
    }
}
