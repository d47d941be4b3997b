//! The full column set of Shopify's export, order by order.

use super::super::{read_all, test_setting};
use super::*;

const FULL: &str = include_str!("../../../tests/fixtures/imports/shopify_orders.csv");

fn read(text: &str) -> (Output, Vec<(u64, String)>) {
    read_all(Format::ShopifyOrders, text, &test_setting(), Style::default())
}

fn order<'a>(out: &'a Output, id: &str) -> &'a Order {
    out.batch.orders.iter().find(|o| o.external_id == id).unwrap()
}

#[test]
fn several_rows_make_one_order_and_the_code_is_shared() {
    let (out, _) = read(FULL);
    let found = order(&out, "6001001");
    assert_eq!(found.name.as_deref(), Some("#1001"));
    assert_eq!(found.placed_at, "2026-11-02T04:30:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
    assert_eq!(
        (found.country.as_deref(), found.region.as_deref(), found.city.as_deref()),
        (Some("US"), Some("TX"), Some("Austin"))
    );
    assert_eq!(found.discount_codes, vec!["WELCOME10"]);
    assert_eq!(found.lines.len(), 2);
    assert_eq!(found.lines.iter().map(|l| l.discount_micros).sum::<i64>(), 17_900_000);
    assert_eq!(found.lines.iter().map(|l| l.fulfilled_quantity).collect::<Vec<_>>(), vec![2, 0]);
    assert_eq!((found.shipping_micros, found.tax_micros), (4_900_000, 12_890_000));
    assert_eq!(found.sales_source.as_deref(), Some("web"));
}

#[test]
fn cancelled_refunded_and_partly_refunded_orders() {
    let (out, _) = read(FULL);
    let cancelled = order(&out, "6001002");
    assert!(cancelled.cancelled_at.is_some());
    assert_eq!(cancelled.lines[0].discount_micros, 10_000_000);
    let refund = |id: &str| out.batch.refunds.iter().find(|r| r.order.as_deref() == Some(id)).unwrap();
    let whole = refund("6001002");
    assert_eq!((whole.lines[0].goods_micros, whole.lines[0].quantity, whole.tax_micros), (40_000_000, 2, 3_200_000));
    assert!(whole.day_estimated);
    let part = refund("6001003");
    // A tenth of 82.00: 7.50 goods, of which 5.00 are the gift card's and no refund of sales.
    assert_eq!(part.lines.len(), 1);
    assert_eq!((part.lines[0].goods_micros, part.lines[0].quantity), (2_500_000, 0));
    assert_eq!((part.shipping_micros, part.tax_micros), (500_000, 200_000));
    let draft = order(&out, "6001003");
    assert_eq!(
        (draft.sales_source.as_deref(), draft.country.as_deref(), draft.city.as_deref()),
        (Some("draft"), Some("CA"), Some("Toronto"))
    );
    assert_eq!(draft.customer, None);
    assert_eq!(draft.lines.iter().map(|l| l.gift_card).collect::<Vec<_>>(), vec![false, true]);
}

#[test]
fn prices_with_tax_inside_tests_and_bad_orders() {
    let (out, rejects) = read(FULL);
    let eu = order(&out, "6001004");
    assert_eq!((eu.lines[0].price_micros, eu.shipping_micros, eu.tax_micros), (100_000_000, 10_000_000, 20_900_000));
    let test = order(&out, "6001005");
    assert!(test.test);
    assert_eq!(test.discount_codes, vec!["VIP15", "SPRING20"]);
    assert_eq!(rejects.len(), 1);
    assert!(rejects[0].1.contains("Lineitem quantity") && rejects[0].1.contains("two"), "{rejects:?}");
    assert_eq!(out.batch.orders.len(), 5);
}

#[test]
fn few_columns_are_enough_and_missing_ones_are_named() {
    let (out, rejects) = read(
        "Name,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1,2026-11-01 10:00:00 +0000,2,Mug,5.00\n,,1,Lid,1.00\n",
    );
    assert_eq!(rejects, vec![]);
    assert_eq!(out.batch.orders.len(), 1);
    let found = &out.batch.orders[0];
    assert_eq!((found.external_id.as_str(), found.lines.len(), found.currency.code()), ("#1", 2, "USD"));
    let lacks = ShopifyOrders::new(&Header::of(["Name", "Lineitem name"]), &test_setting()).err().unwrap();
    assert!(lacks.contains("created at") && lacks.contains("lineitem price"), "{lacks}");
}

#[test]
fn an_id_that_a_spreadsheet_mangled_is_not_used() {
    let (out, _) =
        read("Name,Created at,Lineitem quantity,Lineitem name,Lineitem price,Id\n#7,2026-11-01,1,Mug,5,5.0E+12\n");
    assert_eq!(out.batch.orders[0].external_id, "#7");
}
