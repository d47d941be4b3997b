//! Orders and returns through a mapping.

use super::super::{Format, read_all, test_setting};
use super::*;

fn setting(map: &str) -> Setting {
    Setting { map: Some(OrdersMap::parse(map).unwrap()), ..test_setting() }
}

#[test]
fn returns_are_refunds_and_everything_else_counts_with_its_sign() {
    let setting = setting(include_str!("../../../data/maps/online_retail.toml"));
    let file = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        1,A,Mug,6,2010-12-01 08:26:00,2.55,17850,EIRE\n1,A,Mug,6,2010-12-01 08:27:00,2.55,17850,EIRE\n\
        C2,A,Mug,-2,2010-12-02 09:00:00,2.55,17850,Channel Islands\n3,B,,-10,2010-12-02 10:00:00,0.0,,Unspecified\n\
        A4,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom\n,B,x,1,2011-08-12 14:51:00,1,,\n";
    let (out, rejects) = read_all(Format::Orders, file, &setting, Style::default());
    assert_eq!(rejects.len(), 1);
    let orders: Vec<_> =
        out.batch.orders.iter().map(|o| (o.external_id.as_str(), o.lines.len(), o.country.as_deref())).collect();
    assert_eq!(orders, vec![("1", 2, Some("IE")), ("3", 1, None), ("A4", 1, Some("GB"))]);
    assert_eq!(out.batch.orders[1].lines[0].quantity, -10);
    assert_eq!(out.batch.orders[2].lines[0].price_micros, -11_062_060_000);
    let refund = &out.batch.refunds[0];
    assert_eq!((refund.external_id.as_str(), refund.order.as_deref(), refund.country.as_deref()), ("C2", None, None));
    assert_eq!((refund.lines[0].quantity, refund.lines[0].goods_micros), (2, 5_100_000));
    assert!(!refund.day_estimated);
    assert_eq!(refund.customer, Some(CustomerRef::SourceId("17850".into())));
}

#[test]
fn tips_duties_and_the_source_s_own_total_are_those_of_the_first_line() {
    let setting = setting(
        "format = \"orders\"\n[columns]\norder = \"no\"\nsku = \"sku\"\nquantity = \"n\"\nunit_price = \"price\"\n\
         placed_at = \"at\"\ntip = \"Tip\"\nduties = \"Customs\"\ntotal = \"Paid\"\n",
    );
    let file = "no,sku,n,price,at,Tip,Customs,Paid\n1,A,2,5.00,2026-11-01,3.00,1.25,15.25\n1,B,1,1.00,2026-11-01,9.00,9.00,9.00\n\
        2,A,1,5.00,2026-11-02,,,\n3,A,1,5.00,2026-11-02,much,,\n";
    let (out, rejects) = read_all(Format::Orders, file, &setting, Style::default());
    let told = |o: &Order| (o.tip_micros, o.duty_micros, o.total_micros);
    let found: Vec<_> = out.batch.orders.iter().map(told).collect();
    assert_eq!(found, [(3_000_000, 1_250_000, Some(15_250_000)), (0, 0, None)]);
    assert_eq!(rejects.len(), 1);
    assert!(rejects[0].1.contains("The tip"), "{rejects:?}");
}
