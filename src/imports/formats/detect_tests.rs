//! Every fixture is recognised, and nothing else is.

use super::*;

fn found(text: &str) -> (Format, u8, usize) {
    let layout = detect(text.as_bytes(), None, None).unwrap();
    (layout.format, layout.delimiter, layout.skip)
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/imports/", $name))
    };
}

#[test]
fn recognises_files_by_their_headers() {
    for (text, expected) in [
        (fixture!("shopify_orders.csv"), (Format::ShopifyOrders, b',', 1)),
        (fixture!("shopify_products.csv"), (Format::ShopifyProducts, b',', 1)),
        (fixture!("shopify_products_newer.csv"), (Format::ShopifyProducts, b',', 1)),
        (fixture!("shopify_inventory_columns.csv"), (Format::ShopifyInventory, b',', 1)),
        (fixture!("shopify_inventory_rows.csv"), (Format::ShopifyInventory, b',', 1)),
        (fixture!("meta_ads_en.csv"), (Format::MetaAds, b',', 1)),
        (fixture!("meta_ads_de.csv"), (Format::MetaAds, b';', 1)),
        (fixture!("meta_ads_fr.csv"), (Format::MetaAds, b',', 1)),
        (fixture!("google_ads_en.csv"), (Format::GoogleAds, b',', 3)),
        (fixture!("google_ads_fr.csv"), (Format::GoogleAds, b',', 3)),
        (fixture!("google_ads_es.csv"), (Format::GoogleAds, b',', 3)),
        (fixture!("tiktok_ads_en.csv"), (Format::TiktokAds, b',', 1)),
        (fixture!("tiktok_ads_older.csv"), (Format::TiktokAds, b',', 1)),
        (fixture!("eurofxref-hist.csv"), (Format::Rates, b',', 1)),
        ("sep=;\nsku;cost;from\nA;1,5;2026-01-01\n", (Format::Costs, b';', 2)),
        ("date,base,quote,rate\n", (Format::Rates, b',', 1)),
        ("Day,Campaign,Ad group,Ad name,Cost,Impr.,Clicks,Conversions,Conv. value\n", (Format::GoogleAds, b',', 1)),
        (
            "Day,Campaign name,Ad set name,Ad name,Amount spent (USD),Impressions,Link clicks,Purchases\n",
            (Format::MetaAds, b',', 1),
        ),
        (
            "Date,Campaign name,Ad group name,Ad name,Cost,Impressions,Clicks,Conversions\n",
            (Format::TiktokAds, b',', 1),
        ),
        ("order\tsku\ttitle\tquantity\tunit_price\tplaced_at\n", (Format::Orders, b'\t', 1)),
    ] {
        assert_eq!(found(text), expected, "{}", &text[..60.min(text.len())]);
    }
}

#[test]
fn says_what_it_saw_where_it_knows_nothing() {
    let reason = |text: &str, wanted| match detect(text.as_bytes(), wanted, None) {
        Err(Unknown::Reason(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason("colour,shape\nred,round\n", None).contains("colour, shape"));
    assert!(reason("", None).contains("no header"));
    assert!(reason("just one line of prose", None).contains("no header"));
    assert!(reason("colour,shape\n", Some(Format::MetaAds)).contains("Meta Ads"));
    assert_eq!(detect(b"Gr\xf6\xdfe,b\n", None, None).err(), Some(Unknown::Encoding));
}
