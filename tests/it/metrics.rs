//! Figures of small shops, landed for real and computed by hand: two tenants, two currencies, refunds in another month, a day of
//! 25 hours, a running day, costs and rates that are missing, ads that are restated.

use jiff::Timestamp;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{
    AdAccount, AdDay, AdScope, AdWindow, Batch, CustomerRef, Order, OrderLine, Refund, RefundLine, StockLevel,
    UnitCost, VariantRef,
};
use pulsepoint::commerce::{self, rates};
use pulsepoint::metrics::{self, Answer, Query};
use pulsepoint::money::Currency;
use pulsepoint::tenants::Tenant;
use serde_json::{Value, json};

use crate::support::app::{Shop, TestApp, now};

/// Micros of a whole amount.
pub fn whole(amount: i64) -> i64 {
    amount * 1_000_000
}

/// A variant by its SKU.
pub fn variant(sku: &str) -> VariantRef {
    VariantRef { sku: Some(sku.to_owned()), title: format!("Product {sku}") }
}

fn seconds(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_second()
}

/// An order of one line.
pub fn order(id: &str, at: &str, customer: &str, sku: &str, quantity: i64, price: i64) -> Order {
    Order {
        external_id: id.to_owned(),
        name: Some(format!("#{id}")),
        store: Some("US".to_owned()),
        customer: Some(CustomerRef::Email(format!("{customer}@shop.example"))),
        currency: Currency::parse("USD").unwrap(),
        placed_at: seconds(at),
        cancelled_at: None,
        test: false,
        financial_status: None,
        fulfillment_status: None,
        sales_source: Some("web".to_owned()),
        device: None,
        country: Some("US".to_owned()),
        region: None,
        city: None,
        discount_codes: Vec::new(),
        shipping_micros: 0,
        shipping_discount_micros: 0,
        tip_micros: 0,
        duty_micros: 0,
        total_micros: None,
        gateway: None,
        tax_micros: 0,
        lines: vec![OrderLine {
            variant: variant(sku),
            quantity,
            fulfilled_quantity: quantity,
            price_micros: whole(price),
            discount_micros: 0,
            tax_micros: 0,
            gift_card: false,
        }],
    }
}

/// What one unit costs from the beginning of 2026.
pub fn cost(sku: &str, amount: i64) -> UnitCost {
    let currency = Currency::parse("USD").unwrap();
    UnitCost { variant: variant(sku), from_day: "2026-01-01".parse().unwrap(), cost_micros: whole(amount), currency }
}

/// Two days of one campaign; the second day's spend and clicks are given.
pub fn ads(spend: i64, clicks: i64) -> AdWindow {
    let row = |day: &str, spend, clicks, impressions, conversions, revenue| AdDay {
        key: "1\u{1f}1\u{1f}1".to_owned(),
        campaign: "BFCM Prospecting".to_owned(),
        adset: Some("All".to_owned()),
        ad: Some("Video".to_owned()),
        day: day.parse().unwrap(),
        spend_micros: whole(spend),
        impressions,
        clicks,
        conversions_micros: conversions,
        revenue_micros: whole(revenue),
    };
    AdWindow {
        account: AdAccount {
            channel: "meta".to_owned(),
            external_id: "act_1".to_owned(),
            name: "Meta".to_owned(),
            currency: Currency::parse("USD").unwrap(),
            timezone: "America/New_York".to_owned(),
        },
        replaces: AdScope::Days { first: "2026-11-01".parse().unwrap(), last: "2026-11-02".parse().unwrap() },
        from_api: true,
        rows: vec![
            row("2026-11-01", 10, 10, 1_000, 1_000_000, 50),
            row("2026-11-02", spend, clicks, 3_000, 2_500_000, 80),
        ],
    }
}

/// Lands a batch of a shop.
pub async fn land(tenant: &Tenant, brand: &Brand, connector: &str, batch: Batch) {
    commerce::land(tenant, brand, connector, batch, now()).await.unwrap();
}

async fn ask(shop: &Shop, query: Value) -> Answer {
    let query: Query = serde_json::from_value(query).unwrap();
    metrics::run(&shop.tenant, &shop.brand, &query, now()).await.unwrap()
}

fn codes(answer: &Answer) -> Vec<&str> {
    answer.notes.iter().map(|note| note.code.as_str()).collect()
}

/// October and November of a shop with refunds, two currencies and all that is easily miscounted.
fn autumn() -> Batch {
    let mut discounted = order("A1", "2026-10-01T16:00:00Z", "a", "H1", 2, 100);
    discounted.lines[0].discount_micros = whole(20);
    (discounted.tax_micros, discounted.shipping_micros) = (whole(10), whole(5));
    // 23:30 on the 31st of October in New York, November in UTC.
    let halloween = order("A2", "2026-11-01T03:30:00Z", "a", "B1", 1, 20);
    // The second half past one of the day on which the clock goes back.
    let second_hour = order("A3", "2026-11-01T06:30:00Z", "b", "H1", 1, 100);
    let mut euros = order("A4", "2026-11-10T12:00:00Z", "c", "B1", 3, 20);
    euros.currency = Currency::parse("EUR").unwrap();
    (euros.store, euros.country) = (Some("EU".to_owned()), Some("DE".to_owned()));
    let without_cost = order("A5", "2026-11-22T13:00:00Z", "b", "X1", 1, 10);
    let test = Order { test: true, ..order("A6", "2026-11-10T12:00:00Z", "z", "H1", 9, 100) };
    let cancelled = Order {
        cancelled_at: Some(seconds("2026-11-12T12:00:00Z")),
        ..order("A7", "2026-11-11T12:00:00Z", "d", "B1", 1, 20)
    };
    let mut gift = order("A8", "2026-11-12T12:00:00Z", "e", "GIFT", 1, 50);
    gift.lines[0].gift_card = true;
    let mut yen = order("A9", "2026-09-10T12:00:00Z", "f", "B1", 1, 2_000);
    (yen.currency, yen.store) = (Currency::parse("JPY").unwrap(), Some("JP".to_owned()));
    let refund = Refund {
        external_id: "R1".to_owned(),
        order: Some("A1".to_owned()),
        store: Some("US".to_owned()),
        customer: None,
        currency: Currency::parse("USD").unwrap(),
        refunded_at: seconds("2026-11-05T12:00:00Z"),
        day_estimated: false,
        reason: Some("size".to_owned()),
        country: None,
        shipping_micros: whole(5),
        tax_micros: whole(5),
        lines: vec![RefundLine { variant: Some(variant("H1")), quantity: 1, goods_micros: whole(90) }],
    };
    Batch {
        costs: vec![cost("H1", 40), cost("B1", 5)],
        orders: vec![discounted, halloween, second_hour, euros, without_cost, test, cancelled, gift, yen],
        refunds: vec![refund],
        ..Batch::default()
    }
}

async fn autumn_shop(app: &TestApp) -> Shop {
    let shop = app.shop("autumn").await;
    let rate = rates::DatedRate {
        day: "2026-11-09".parse().unwrap(),
        base: Currency::parse("EUR").unwrap(),
        quote: Currency::parse("USD").unwrap(),
        rate: "1.10".to_owned(),
    };
    let seq = shop.tenant.db().write(move |tx| rates::land(tx, &[rate], "test", now().as_millisecond())).await.unwrap();
    shop.tenant.announce(shop.brand.id, seq.unwrap());
    land(&shop.tenant, &shop.brand, "shopify", autumn()).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    shop
}

#[tokio::test]
async fn november_by_hand() {
    let app = TestApp::start().await;
    let shop = autumn_shop(&app).await;
    let metrics = [
        "orders",
        "gross_sales",
        "discounts",
        "refunds",
        "net_sales",
        "total_sales",
        "aov",
        "refund_rate",
        "gross_profit",
        "contribution_margin",
        "ad_spend",
        "cpc",
        "mer_ratio",
        "ncac",
        "platform_conversions",
        "units_sold",
        "refunded_units",
    ];
    let november = ask(&shop, json!({"metrics": metrics, "time": {"start": "2026-11-01", "end": "2026-11-22"}})).await;
    let expected = json!([
        4, "186.00", "0.00", "90.00", "96.00", "86.00", "46.50", "0.483871", "76.00", "46.00", "30.00", "2.00",
        "3.200000", "7.50", "3.50", 5, 1
    ]);
    assert_eq!(json!(november.totals), expected);
    assert_eq!(november.rows, std::slice::from_ref(&november.totals), "without a dimension the totals are the one row");
    assert_eq!(codes(&november), ["costs_not_entered", "mixed_currency", "claimed"]);
    let october =
        ask(&shop, json!({"metrics": metrics[..10], "time": {"start": "2026-10-01", "end": "2026-11-01"}})).await;
    let expected = json!([2, "220.00", "20.00", "0.00", "200.00", "215.00", "100.00", "0.000000", "115.00", "115.00"]);
    assert_eq!(json!(october.totals), expected);
}

#[tokio::test]
async fn customers_are_new_once() {
    let app = TestApp::start().await;
    let shop = autumn_shop(&app).await;
    let metrics = ["customers", "new_customers", "returning_customers", "revenue_per_customer"];
    let november = ask(&shop, json!({"metrics": metrics, "time": {"start": "2026-11-01", "end": "2026-11-22"}})).await;
    assert_eq!(json!(november.totals), json!([4, 4, 0, "24.00"]));
    let today = ask(&shop, json!({"metrics": metrics, "time": {"range": "today"}})).await;
    assert_eq!(json!(today.totals), json!([1, 0, 1, "10.00"]));
    let by_type = json!({"metrics": ["net_sales"], "dimensions": ["customer_type"], "time": {"start": "2026-10-01", "end": "2026-11-23"},
        "order": {"by": "customer_type"}});
    // First orders: 180 + 100 + 66 + 20 + 0, the refund of A1 taken off; later ones: 20 + 10.
    assert_eq!(json!(ask(&shop, by_type).await.rows), json!([["new", "276.00"], ["returning", "30.00"]]));
    let repeat = ask(&shop, json!({"metrics": ["repeat_rate", "time_to_second_order"]})).await;
    // a and b of a, b, c, d, e, f; 30.48 and 21.27 days apart.
    assert_eq!(repeat.totals[0], json!("0.333333"));
    assert_eq!(repeat.totals[1], json!("25.875000"));
    let soon = ask(&shop, json!({"metrics": ["repeat_rate"], "params": {"horizon_days": 25}})).await;
    assert_eq!(soon.totals[0], json!("0.166667"));
}

#[tokio::test]
async fn the_day_of_twenty_five_hours() {
    let app = TestApp::start().await;
    let shop = autumn_shop(&app).await;
    let day = ask(
        &shop,
        json!({"metrics": ["orders"], "grain": "hour", "time": {"start": "2026-11-01", "end": "2026-11-02"}}),
    )
    .await;
    assert_eq!(day.rows.len(), 25);
    assert_eq!(day.rows[2], [json!("2026-11-01T01:00:00-05:00"), json!(1)]);
    assert_eq!(day.rows[1], [json!("2026-11-01T01:00:00-04:00"), json!(0)]);
    let eve = ask(
        &shop,
        json!({"metrics": ["orders"], "dimensions": ["hour"], "time": {"start": "2026-10-31", "end": "2026-11-01"}}),
    )
    .await;
    assert_eq!(json!(eve.rows), json!([[23, 1]]));
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let app = TestApp::start().await;
    let shop = autumn_shop(&app).await;
    let september =
        json!({"metrics": ["orders", "gross_sales", "aov"], "time": {"start": "2026-09-01", "end": "2026-10-01"}});
    let september = ask(&shop, september).await;
    assert_eq!(json!(september.totals), json!([1, "0.00", "0.00"]));
    assert!(codes(&september).contains(&"rows_without_rate"), "{:?}", september.notes);
    let today =
        ask(&shop, json!({"metrics": ["gross_profit", "gross_margin", "net_sales"], "time": {"range": "today"}})).await;
    assert_eq!(json!(today.totals), json!([null, null, "10.00"]));
    assert!(today.notes[0].text.contains("1 units sold for 10.00 USD"), "{:?}", today.notes);
    // Lines without a cost stay out of profit and margin: 96 of the 106 have one.
    let all =
        json!({"metrics": ["gross_profit", "gross_margin"], "time": {"start": "2026-11-01", "end": "2026-11-23"}});
    assert_eq!(json!(ask(&shop, all).await.totals), json!(["76.00", "0.791667"]));
}

#[tokio::test]
async fn ads_are_restated_and_ratios_are_of_sums() {
    let app = TestApp::start().await;
    let shop = autumn_shop(&app).await;
    let query = json!({"metrics": ["cpc"], "grain": "day", "time": {"start": "2026-11-01", "end": "2026-11-03"}});
    let before = ask(&shop, query.clone()).await;
    assert_eq!(json!(before.rows), json!([["2026-11-01", "1.00"], ["2026-11-02", "4.00"]]));
    assert_eq!(before.totals[1], json!("2.00"), "not 2.50, the average of the days");
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(25, 0)], ..Batch::default() }).await;
    let after = ask(&shop, query).await;
    assert_eq!(json!(after.rows), json!([["2026-11-01", "1.00"], ["2026-11-02", null]]));
    assert_eq!(after.totals[1], json!("3.50"));
    assert!(after.freshness.version > before.freshness.version);
}

#[tokio::test]
async fn the_running_day_against_the_same_time_a_week_ago() {
    let app = TestApp::start().await;
    // 10:00 in New York.
    let shop = app.shop("running").await;
    let orders = vec![
        order("1", "2026-11-15T14:00:00Z", "a", "H1", 1, 50),
        order("2", "2026-11-15T16:00:00Z", "b", "H1", 1, 70),
        order("3", "2026-11-22T13:00:00Z", "c", "H1", 1, 100),
    ];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let today = json!({"metrics": ["net_sales"], "time": {"range": "today"}, "compare": {"to": "previous_period", "match": "dow"}});
    let today = ask(&shop, today).await;
    assert_eq!(json!(today.totals), json!(["100.00", "50.00", "50.00", "1.000000"]));
    let compare = today.compare.unwrap();
    assert_eq!((compare.start.as_str(), compare.until.as_deref()), ("2026-11-15", Some("2026-11-15T10:01:00-05:00")));
    let week = ask(&shop, json!({"metrics": ["net_sales"], "grain": "day", "time": {"range": "mtd"}})).await;
    assert_eq!(week.partial_bucket.as_deref(), Some("2026-11-22"));
    assert_eq!((week.rows.len(), week.window.unwrap().partial), (22, true));
}

#[tokio::test]
async fn stock_at_the_end_of_the_window() {
    let app = TestApp::start().await;
    let shop = app.shop("stock").await;
    let level = |day: &str, on_hand| StockLevel {
        variant: variant("H1"),
        warehouse: "Reno".to_owned(),
        day: day.parse().unwrap(),
        on_hand,
        incoming: 3,
    };
    let orders = vec![order("1", "2026-11-10T14:00:00Z", "a", "H1", 14, 50)];
    let stock = vec![level("2026-11-01", 30), level("2026-11-10", 16), level("2026-11-22", 4)];
    land(
        &shop.tenant,
        &shop.brand,
        "shopify",
        Batch { orders, stock, costs: vec![cost("H1", 10)], ..Batch::default() },
    )
    .await;
    let metrics = ["inventory_on_hand", "inventory_value", "days_of_cover", "reorder_quantity", "sell_through_rate"];
    let time = json!({"start": "2026-11-01", "end": "2026-11-22"});
    let answer = ask(&shop, json!({"metrics": metrics, "dimensions": ["sku"], "time": time})).await;
    // 14 sold in 28 days: half a unit a day. 16 last 32 days; 42 days need 21, less 16 on hand and 3 on the way.
    assert_eq!(json!(answer.rows), json!([["H1", 16, "160.00", "32.000000", 2, "0.466667"]]));
    let now =
        ask(&shop, json!({"metrics": ["inventory_on_hand"], "dimensions": ["low_stock", "projected_stockout_date"]}))
            .await;
    // Four left at half a unit a day, counted on the 22nd.
    assert_eq!(json!(now.rows), json!([[true, "2026-11-30", 4]]));
    let by_week = json!({"metrics": ["inventory_on_hand"], "grain": "week", "time": {"start": "2026-11-02", "end": "2026-11-23"}});
    let by_week = ask(&shop, by_week).await;
    let levels: Vec<_> = by_week.rows.iter().map(|row| row[1].clone()).collect();
    assert_eq!((json!(levels), by_week.totals[1].clone()), (json!([30, 16, 4]), json!(4)));
}

#[tokio::test]
async fn tenants_and_brands_keep_to_themselves() {
    let app = TestApp::start().await;
    let (one, other) = (app.shop("one").await, app.shop("other").await);
    for (shop, price) in [(&one, 10), (&other, 999)] {
        let orders = vec![order("1", "2026-11-10T14:00:00Z", "same", "H1", 1, price)];
        land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    }
    let new = pulsepoint::brands::NewBrand::parse("Second", None, "EUR", "Europe/Berlin", None).unwrap();
    let second = one.tenant.db().write(move |tx| pulsepoint::brands::create(tx, &new, now())).await.unwrap();
    let mut euros = order("1", "2026-11-10T14:00:00Z", "same", "H1", 1, 7);
    euros.currency = Currency::parse("EUR").unwrap();
    land(&one.tenant, &second, "shopify", Batch { orders: vec![euros], ..Batch::default() }).await;
    let query: Query = serde_json::from_value(
        json!({"metrics": ["net_sales", "customers", "new_customers"], "time": {"range": "30d"}}),
    )
    .unwrap();
    for (tenant, brand, net) in
        [(&one.tenant, &one.brand, "10.00"), (&other.tenant, &other.brand, "999.00"), (&one.tenant, &second, "7.00")]
    {
        let answer = metrics::run(tenant, brand, &query, now()).await.unwrap();
        assert_eq!(json!(answer.totals), json!([net, 1, 1]), "{}", brand.slug);
    }
}
