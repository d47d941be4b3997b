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
