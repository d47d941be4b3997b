//! Answers that were recorded from living shops, read to figures that were worked out by hand from their text.

use jiff::Timestamp;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{Batch, Order};
use pulsepoint::connectors::shopify::{Shopify, signed};
use pulsepoint::connectors::{Connector, Parsed, Raw};
use serde_json::{Value, json};

/// A recorded file; none where the folder is not there.
fn recorded(name: &str) -> Option<String> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/fixtures/shopify", "../../shared/fixtures/shopify"];
    let found = places.iter().find_map(|place| std::fs::read_to_string(here.join(place).join(name)).ok());
    if found.is_none() {
        eprintln!("skipped: ../shared/fixtures/shopify/{name} is not there");
    }
    found
}

fn recorded_json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&recorded(name)?).unwrap())
}

pub fn brand() -> Brand {
    Brand {
        id: 1,
        uid: "b".to_owned(),
        slug: "b".to_owned(),
        name: "B".to_owned(),
        currency: pulsepoint::money::Currency::parse("CAD").unwrap(),
        timezone: jiff::tz::TimeZone::UTC,
        timezone_name: "UTC".to_owned(),
        week_start: 1,
        demo: false,
        settings: Value::Null,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// What a page of `kind` says.
pub fn parsed(kind: &'static str, body: &Value) -> Parsed {
    let about = json!({ "store": "Test shop", "currency": "CAD", "day": "2026-11-22" });
    let raw = Raw { stream: "orders", kind, about, body: body.to_string().into_bytes().into() };
    Shopify.parse(&brand(), &raw)
}

fn orders(nodes: Vec<Value>) -> Batch {
    let parsed = parsed("orders", &json!({ "data": { "orders": { "nodes": nodes } } }));
    assert_eq!(parsed.rejects, []);
    parsed.batch
}

/// Adds what the recording did not ask for and every page of ours does.
fn asked(mut order: Value, created: &str) -> Value {
    order["createdAt"] = created.into();
    order["currencyCode"] = "CAD".into();
    order["test"] = true.into();
    order
}

/// Gross, discount, tax, shipping.
fn figures(order: &Order) -> (i64, i64, i64, i64) {
    let gross = order.lines.iter().map(|line| line.price_micros * line.quantity).sum();
    let discount = order.lines.iter().map(|line| line.discount_micros).sum();
    (gross, discount, order.tax_micros, order.shipping_micros - order.shipping_discount_micros)
}

#[test]
fn the_matrix_of_orders_gives_what_its_amounts_say() {
    let Some(file) = recorded_json("live_order_money_math_matrix.json") else { return };
    let created = file["recordedAt"].as_str().unwrap();
    let expected = [
        // 2 × 10.00, unpaid: no status at all.
        ("pendingNoTax", "8734179754290", "#1334", (20_000_000, 0, 0, 0), None),
        // 2 × 12.00 and 2.40 tax, 5.00 shipping and 0.50 tax: 31.90 in all.
        ("paidTaxShipping", "8734179787058", "#1335", (24_000_000, 0, 2_900_000, 5_000_000), Some("paid")),
        // 30.00 less 5.00, 4.00 shipping: 29.00 in all.
        ("fixedDiscount", "8734179885362", "#1336", (30_000_000, 5_000_000, 0, 4_000_000), None),
        ("authorization", "8734179950898", "#1337", (18_000_000, 0, 0, 0), Some("authorized")),
        // 10.00 of the shop's dollars, whatever the 7.00 of the customer's.
        ("presentmentMoney", "8734180016434", "#1338", (10_000_000, 0, 0, 0), Some("paid")),
    ];
    assert_eq!(file["cases"].as_object().unwrap().len(), expected.len());
    for (case, id, name, amounts, status) in expected {
        let order = &file["cases"][case]["response"]["payload"]["data"]["orderCreate"]["order"];
        let batch = orders(vec![asked(order.clone(), created)]);
        let order = &batch.orders[0];
        assert_eq!(
            (order.external_id.as_str(), order.name.as_deref(), figures(order), order.financial_status.as_deref()),
            (id, Some(name), amounts, status),
            "{case}"
        );
        assert_eq!((order.currency.code(), order.fulfillment_status.as_deref()), ("CAD", Some("unfulfilled")));
        assert_eq!(order.discount_codes, if case == "fixedDiscount" { vec!["MATH5"] } else { vec![] });
        assert!(order.test && batch.refunds.is_empty(), "{case}");
    }
}

#[test]
fn a_refund_of_a_part_is_its_goods_on_its_own_day() {
    let Some(file) = recorded_json("live_refund_partial_with_shipping.json") else { return };
    let order = &file["upstreamCalls"][0]["response"]["body"]["data"]["order"];
    let mut order = asked(order.clone(), "2026-06-22T22:58:00Z");
    order["refunds"] = json!([file["mutation"]["response"]["data"]["refundCreate"]["refund"]]);
    let batch = orders(vec![order]);
    // 2 × 10.00 and 5.00 shipping were bought; one came back. The 5.00 of shipping that were given back too stand in a part of the
    // refund that the recording did not ask for.
    assert_eq!(figures(&batch.orders[0]), (20_000_000, 0, 0, 5_000_000));
    let refund = &batch.refunds[0];
    assert_eq!((refund.external_id.as_str(), refund.order.as_deref()), ("1028613341490", Some("8838022037810")));
    assert_eq!(refund.refunded_at, "2026-06-22T23:01:16Z".parse::<Timestamp>().unwrap().as_second());
    assert!(!refund.day_estimated);
    let line = &refund.lines[0];
    assert_eq!((line.quantity, line.goods_micros, refund.shipping_micros, refund.tax_micros), (1, 10_000_000, 0, 0));
    let variant = line.variant.as_ref().unwrap();
    assert_eq!(variant.title, "Hermes refundable partial-shipping-restock item");
    assert_eq!(Some(variant), batch.orders[0].lines.first().map(|line| &line.variant));
    // Read back by the order alone, as a bulk operation tells it, the refund has no lines: it is asked for once more instead.
    let mut told = asked(file["downstreamRead"]["response"]["data"]["order"].clone(), "2026-06-22T22:58:00Z");
    told["lineItems"] = json!({ "nodes": [] });
    assert_eq!(orders(vec![told]).refunds.len(), 0);
}

#[test]
fn orders_without_their_lines_are_put_aside_and_never_land_empty() {
    let Some(file) = recorded_json("live_orders_page_and_search_2026-04.json") else { return };
    let page = json!({ "data": { "orders": file["response"]["data"]["seedCatalog"] } });
    let parsed = parsed("orders", &page);
    assert!(parsed.batch.orders.is_empty());
    let keys: Vec<&str> = parsed.rejects.iter().map(|reject| reject.key.as_str()).collect();
    assert_eq!(keys, ["gid://shopify/Order/8837991727410", "gid://shopify/Order/8837986943282"]);
    assert!(parsed.rejects[0].reason.contains("missing field"), "{}", parsed.rejects[0].reason);
}

#[test]
fn a_page_of_products_is_the_catalogue() {
    let Some(file) = recorded_json("live_products_pagination.json") else { return };
    let node = &file["response"]["data"]["firstPage"]["edges"][0]["node"];
    let parsed = parsed("products", &json!({ "data": { "products": { "nodes": [node] } } }));
    assert_eq!(parsed.rejects, []);
    let product = &parsed.batch.products[0];
    assert_eq!(product.key, "adidas-classic-backpack-legend-ink-multicolour");
    assert_eq!(product.source_id.as_deref(), Some("8397257572585"));
    assert_eq!(product.title, "ADIDAS | CLASSIC BACKPACK | LEGEND INK MULTICOLOUR");
    assert_eq!((product.vendor.as_deref(), product.category.as_deref()), (Some("ADIDAS"), Some("ACCESSORIES")));
    assert_eq!(product.collections, ["adidas", "backpack", "egnition-sample-data"]);
}

#[test]
fn a_variant_and_its_levels_are_read_where_somebody_counts_them() {
    let Some(file) = recorded_json("live_variants_inventory_levels.json") else { return };
    let mut product = file["data"]["product"].clone();
    product["handle"] = "test-product-6635".into();
    product["variants"] = json!({ "nodes": [product["variants"]["edges"][0]["node"]] });
    let catalogue = parsed("products", &json!({ "data": { "products": { "nodes": [product] } } }));
    assert_eq!(catalogue.rejects, []);
    let variant = &catalogue.batch.products[0].variants[0];
    assert_eq!((variant.sku.as_deref(), variant.title.as_deref(), variant.price.map(|p| p.0)), (None, None, Some(0)));
    assert!(catalogue.batch.costs_now.is_empty(), "no cost is no cost of nothing");
    let calls = file["upstreamCalls"].as_array().unwrap();
    let nodes = calls.iter().find(|call| call["operationName"] == "ProductsHydrateNodes").unwrap();
    let mut item = nodes["response"]["body"]["data"]["nodes"][0].clone();
    let levels = |item: &Value| parsed("items", &json!({ "data": { "inventoryItems": { "nodes": [item] } } }));
    assert_eq!(levels(&item).batch.stock.len(), 0, "nobody counts it");
    item["tracked"] = true.into();
    let counted = levels(&item);
    assert_eq!(counted.rejects, []);
    let level = &counted.batch.stock[0];
    assert_eq!((level.warehouse.as_str(), level.on_hand, level.incoming), ("103 ossington", 0, 0));
    assert_eq!((level.day.to_string().as_str(), level.variant.title.as_str()), ("2026-11-22", "Test Product - 6635"));
}

#[test]
fn lines_of_a_bulk_file_find_their_root_with_escaped_slashes_and_all() {
    let Some(file) = recorded("live_bulk_nested_run.jsonl") else { return };
    let groups: Vec<String> = file.lines().map(|line| Shopify.group_of("products", line.as_bytes()).unwrap()).collect();
    assert_eq!(groups, vec!["gid://shopify/Product/10243914727730"; 4]);
    assert!(Shopify.group_of("orders", b"{\"id\":\"gid:\\/\\/sho").is_err(), "half a line");
    assert!(Shopify.group_of("orders", b"{}").is_err());
}

#[test]
fn signatures_are_what_shopify_makes_of_them() {
    let Some(file) = recorded_json("hmac_vectors.json") else { return };
    let callbacks = file["oauth_callback"].as_array().unwrap();
    assert_eq!(callbacks.len(), 5);
    for vector in callbacks {
        let query = vector["query"].as_str().map_or_else(|| written(&vector["params"]), str::to_owned);
        let (secret, valid) = (vector["secret"].as_str().unwrap(), vector["valid"].as_bool().unwrap());
        assert_eq!(signed::callback_is_genuine(&query, &[secret]), valid, "{query}");
        assert_eq!(signed::callback_is_genuine(&query, &["new", secret]), valid, "while the secret is changed");
        assert!(!signed::callback_is_genuine(&query, &["new"]) && !signed::callback_is_genuine(&query, &[]));
        assert!(!signed::callback_is_genuine(&format!("{query}&shop=other.myshopify.com"), &[secret]), "a name twice");
    }
    for vector in file["webhook_body"].as_array().unwrap() {
        let text = |field: &str| vector[field].as_str().unwrap();
        let (body, header, secret) = (text("raw_body").as_bytes(), text("header_base64"), text("secret"));
        let valid = vector["valid"].as_bool().unwrap();
        assert_eq!(signed::webhook_is_genuine(body, header, &[secret]), valid);
        assert_eq!(signed::webhook_is_genuine(body, header, &["old", secret]), valid);
        assert!(
            !signed::webhook_is_genuine(body, header, &["old", ""]) && !signed::webhook_is_genuine(body, "", &[secret])
        );
    }
    assert!(signed::is_same_state("abc", "abc"));
    assert!(
        !signed::is_same_state("abc", "abd") && !signed::is_same_state("", "") && !signed::is_same_state("abc", "")
    );
}

/// Parameters as a query has them.
fn written(params: &Value) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in params.as_object().unwrap() {
        match value {
            Value::Array(all) => all.iter().for_each(|one| {
                query.append_pair(name, &one.to_string());
            }),
            one => {
                query.append_pair(name, one.as_str().unwrap());
            }
        }
    }
    query.finish()
}
