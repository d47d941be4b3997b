//! Credits of small shops, worked out by hand: every model over REST and in typed queries, two tenants, refunds on their own day,
//! ties, skewed clocks, channels whose names lie inside others.

use axum::http::{Method, StatusCode};
use pulsepoint::attribution::AttributionModel;
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::{Batch, Refund, RefundLine};
use pulsepoint::metrics::{self, Answer, Query};
use pulsepoint::money::Currency;
use serde_json::{Value, json};

use crate::metrics::{ads, land, order, variant, whole};
use crate::support::app::{Shop, TestApp, now};
use crate::support::touches::{Before, before, touch};

const DAY: i64 = 86_400;

pub async fn ask(shop: &Shop, query: Value) -> Answer {
    let query: Query = serde_json::from_value(query).unwrap();
    metrics::run(&shop.tenant, &shop.brand, &query, now()).await.unwrap()
}

/// The figures of a metric by a dimension, of the rows' order.
fn cells(answer: &Answer) -> Vec<(String, String)> {
    let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
    let mut rows: Vec<_> = answer.rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect();
    rows.sort();
    rows
}

pub async fn by_channel(shop: &Shop, metric: &str, model: &str, more: Value) -> Vec<(String, String)> {
    let mut query = json!({"metrics": [metric], "dimensions": ["channel"], "attribution_model": model,
        "time": {"start": "2026-11-01", "end": "2026-11-15"}});
    query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    cells(&ask(shop, query).await)
}

pub fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut wanted: Vec<_> = wanted.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    wanted.sort();
    wanted
}

pub fn refund(id: &str, of: &str, at: &str, sku: &str, goods: i64) -> Refund {
    Refund {
        external_id: id.to_owned(),
        order: Some(of.to_owned()),
        store: Some("US".to_owned()),
        customer: None,
        currency: Currency::parse("USD").unwrap(),
        refunded_at: at.parse::<jiff::Timestamp>().unwrap().as_second(),
        day_estimated: false,
        reason: None,
        country: None,
        shipping_micros: 0,
        tax_micros: 0,
        lines: vec![RefundLine { variant: Some(variant(sku)), quantity: 1, goods_micros: whole(goods) }],
    }
}

/// Three orders of 90, 50 and 30: the first after meta, google, direct; the second after email alone; the third after nothing.
/// 60 of the first comes back a week later.
pub async fn shop(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let orders = vec![
        order("1", "2026-11-02T15:00:00Z", "a", "H1", 1, 90),
        order("2", "2026-11-03T15:00:00Z", "b", "B1", 1, 50),
        order("3", "2026-11-04T15:00:00Z", "c", "H1", 1, 30),
    ];
    let refunds = vec![refund("r1", "1", "2026-11-09T15:00:00Z", "H1", 60)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, refunds, ..Batch::default() }).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    shop
}

pub fn journeys() -> Vec<Before> {
    vec![
        Before { campaign: Some("BFCM Prospecting"), ..before("1", 14 * DAY, "meta") },
        before("1", 7 * DAY, "google"),
        before("1", 0, "direct"),
        before("2", 3_600, "email"),
    ]
}

#[tokio::test]
async fn rules_by_hand_and_sums_equal_net_sales_for_every_model() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, shop(&app, "northwind-demo").await);
    touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    touch(&other.tenant, &other.brand, 1, &[before("1", 60, "sms")]).await;

    // 90 − 60 of the first order, 50, 30.
    let rest = [("email", "50.00"), ("unattributed", "30.00")];
    for (model, first) in [
        ("first_touch", vec![("meta", "30.00")]),
        ("last_touch", vec![("direct", "30.00")]),
        ("last_non_direct", vec![("google", "30.00")]),
        ("linear", vec![("meta", "10.00"), ("google", "10.00"), ("direct", "10.00")]),
        ("position_based", vec![("meta", "12.00"), ("google", "6.00"), ("direct", "12.00")]),
        // A quarter, a half and one of what the last gets.
        ("time_decay", vec![("meta", "4.29"), ("google", "8.57"), ("direct", "17.14")]),
    ] {
        let wanted: Vec<_> = first.iter().chain(&rest).copied().collect();
        let mut found = by_channel(&shop, "attributed_revenue", model, json!({})).await;
        // Ads that brought nothing in have no row of their own here, and channels without credit one of 0.
        found.retain(|(_, value)| value != "0.00");
        assert_eq!(found, pairs(&wanted), "{model}");
    }
    let net = ask(&shop, json!({"metrics": ["net_sales"], "time": {"start": "2026-11-01", "end": "2026-11-15"}})).await;
    assert_eq!(net.totals[0], json!("110.00"));
    for model in AttributionModel::ALL {
        for grain in [json!(null), json!("day"), json!("week")] {
            let query = json!({"metrics": ["attributed_revenue", "attributed_orders"], "dimensions": ["channel"], "grain": grain,
                "attribution_model": model, "time": {"start": "2026-11-01", "end": "2026-11-15"}});
            let answer = ask(&shop, query).await;
            let keys = answer.columns.len() - 2;
            assert_eq!(answer.totals[keys..], [json!("110.00"), json!("3.000000")], "{model:?} {grain}");
            let cents = |row: &Vec<Value>| row[keys].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
            assert_eq!(answer.rows.iter().map(cents).sum::<i64>(), 11_000, "{model:?} {grain}: {:?}", answer.rows);
        }
    }
    // The refund takes its order's shares back on its own day.
    let late = json!({"time": {"start": "2026-11-09", "end": "2026-11-10"}});
    assert_eq!(
        by_channel(&shop, "attributed_revenue", "linear", late.clone()).await,
        pairs(&[("direct", "-20.00"), ("google", "-20.00"), ("meta", "-20.00")])
    );
    // Or with its order.
    let with_order = json!({"params": {"basis": "order_date"}, "time": {"start": "2026-11-02", "end": "2026-11-03"}});
    assert_eq!(
        by_channel(&shop, "attributed_revenue", "linear", with_order).await,
        pairs(&[("direct", "10.00"), ("google", "10.00"), ("meta", "10.00")])
    );
    // Another tenant's touches are another tenant's.
    assert_eq!(
        by_channel(&other, "attributed_revenue", "last_touch", json!({})).await,
        pairs(&[("sms", "30.00"), ("unattributed", "80.00")])
    );
}

#[tokio::test]
async fn windows_bases_filters_and_products() {
    let app = TestApp::start().await;
    let shop = shop(&app, "juniper-oak").await;
    touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    let within = |days: u16| json!({"params": {"window_days": days}});
    // Exactly seven days before is within; fourteen is not.
    let seven = by_channel(&shop, "attributed_orders", "linear", within(7)).await;
    assert_eq!(
        seven,
        pairs(&[("direct", "0.500000"), ("email", "1.000000"), ("google", "0.500000"), ("unattributed", "1.000000")])
    );
    let lifetime = by_channel(&shop, "attributed_orders", "first_touch", json!({"params": {"lifetime": true}})).await;
    assert!(lifetime.contains(&("meta".to_owned(), "1.000000".to_owned())), "{lifetime:?}");
    // By the day of the touch, meta's part stands on the 19th of October.
    let by_touch = json!({"params": {"basis": "touch_date"}, "time": {"start": "2026-10-19", "end": "2026-10-20"}});
    assert_eq!(by_channel(&shop, "attributed_revenue", "linear", by_touch).await, pairs(&[("meta", "30.00")]));
    // Products and customers take their order's shares; filters fit nothing anew.
    let by_product = json!({"metrics": ["attributed_revenue"], "dimensions": ["product", "channel"], "attribution_model": "linear",
        "filters": [{"dim": "channel", "op": "in", "value": ["meta", "email"]}],
        "time": {"start": "2026-11-01", "end": "2026-11-15"}});
    let answer = ask(&shop, by_product).await;
    assert_eq!(
        answer.rows,
        [[json!("Product B1"), json!("email"), json!("50.00")], [json!("Product H1"), json!("meta"), json!("10.00")]]
    );
    let by_campaign = json!({"metrics": ["attributed_revenue", "attributed_roas", "roas", "ad_spend"], "dimensions": ["campaign"],
        "attribution_model": "first_touch", "filters": [{"dim": "channel", "op": "eq", "value": "meta"}],
        "time": {"start": "2026-11-01", "end": "2026-11-15"}});
    let answer = ask(&shop, by_campaign).await;
    assert_eq!(
        answer.rows,
        [[json!("BFCM Prospecting"), json!("30.00"), json!("1.000000"), json!("1.000000"), json!("30.00")]]
    );
    assert!(answer.notes.iter().any(|note| note.code == "roas_basis" && note.text.contains("attributed")));
    assert!(!answer.notes.iter().any(|note| note.code == "claimed"), "{:?}", answer.notes);
    // Against another model, over the same window.
    let compared = json!({"metrics": ["attributed_revenue"], "dimensions": ["channel"], "attribution_model": "first_touch",
        "compare": {"to": "attribution_model", "model": "last_touch"},
        "filters": [{"dim": "channel", "op": "in", "value": ["meta", "direct"]}],
        "time": {"start": "2026-11-01", "end": "2026-11-15"}});
    let answer = ask(&shop, compared).await;
    assert_eq!(answer.compare.as_ref().map(|c| c.to.as_str()), Some("attribution_model"));
    assert_eq!(answer.rows[0][..4], [json!("meta"), json!("30.00"), json!("0.00"), json!("30.00")]);
    assert_eq!(answer.rows[1][..4], [json!("direct"), json!("0.00"), json!("30.00"), json!("-30.00")]);
    let counted = json!({"metrics": ["assisted_conversions", "touchpoints_per_order"], "dimensions": ["channel"],
        "time": {"start": "2026-11-01", "end": "2026-11-15"}, "order": {"by": "channel"}});
    let answer = ask(&shop, counted).await;
    assert_eq!(
        answer.rows,
        [
            [json!("direct"), json!(0), json!("1.000000")],
            [json!("email"), json!(0), json!("1.000000")],
            [json!("google"), json!(1), json!("1.000000")],
            [json!("meta"), json!(1), json!("1.000000")],
            [json!("unattributed"), json!(0), json!(null)],
        ]
    );
    assert_eq!(answer.totals[1..], [json!(1), json!("2.000000")]);
}

#[tokio::test]
async fn what_touches_should_not_be() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let mut again = order("2", "2026-11-03T15:00:00Z", "a", "H1", 1, 7);
    again.name = None;
    let mut guest = order("3", "2026-11-04T15:00:00Z", "-", "H1", 1, 3);
    guest.customer = None;
    let orders = vec![order("1", "2026-11-02T15:00:00Z", "a", "H1", 1, 5), again, guest];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    touch(
        &shop.tenant,
        &shop.brand,
        1,
        &[
            // Names inside others, names that look like paths, markup: each is itself.
            before("1", 300, "theta"),
            before("1", 200, "eta"),
            // The same second as another: the later number is the later touch. And as the order: before it.
            before("1", 0, "a > b"),
            before("1", 0, "<script>alert(1)</script>"),
            // After the order: the next order's, not this one's.
            before("1", -60, "late"),
            // From the future: nobody's.
            before("2", -300 * DAY, "future"),
            // Bound to the first order, but after it: nobody's.
            Before { bound: true, ..before("1", -120, "skewed") },
            // A guest's, known by the order alone.
            Before { bound: true, ..before("3", 60, "eta") },
        ],
    )
    .await;
    let last = by_channel(&shop, "attributed_revenue", "last_touch", json!({})).await;
    assert_eq!(last, pairs(&[("<script>alert(1)</script>", "5.00"), ("eta", "3.00"), ("late", "7.00")]));
    let linear = by_channel(&shop, "attributed_orders", "linear", json!({})).await;
    assert_eq!(
        linear,
        pairs(&[
            ("<script>alert(1)</script>", "0.250000"),
            ("a > b", "0.250000"),
            ("eta", "1.250000"),
            ("late", "1.000000"),
            ("theta", "0.250000")
        ])
    );
    let inside = json!({"filters": [{"dim": "channel", "op": "eq", "value": "eta"}]});
    assert_eq!(by_channel(&shop, "attributed_orders", "linear", inside).await, pairs(&[("eta", "1.250000")]));
}

#[tokio::test]
async fn models_side_by_side_over_rest() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, app.shop("northwind-demo").await);
    touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    let token = app.token(&shop, Role::Viewer);
    let path = "/api/brands/juniper-oak/attribution?from=2026-11-01&to=2026-11-15";
    let answer = app.get(path, &token).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let page = answer.json();
    assert_eq!(page["models"].as_array().unwrap().len(), 8);
    for (at, model) in AttributionModel::ALL.iter().enumerate() {
        // As the typed query says it, channel by channel.
        let query = json!({"metrics": ["attributed_revenue", "attributed_orders"], "dimensions": ["channel"],
            "attribution_model": model, "time": {"start": "2026-11-01", "end": "2026-11-15"}});
        for row in ask(&shop, query).await.rows {
            let channels = page["channels"].as_array().unwrap();
            let channel = channels.iter().find(|channel| channel["channel"] == row[0]).unwrap();
            let given = &channel["by_model"][at];
            assert_eq!((&given["revenue"], &given["orders"]), (&row[1], &row[2]), "{model:?} {}", row[0]);
        }
        let total = &page["total"]["by_model"][at];
        assert_eq!((&total["revenue"], &total["orders"]), (&json!("110.00"), &json!("3.000000")), "{model:?}");
    }
    let meta = page["channels"].as_array().unwrap().iter().find(|channel| channel["channel"] == "meta").unwrap();
    assert_eq!((&meta["ad_spend"], &meta["platform_reported_revenue"]), (&json!("30.00"), &json!("130.00")));
    assert_eq!((&meta["by_model"][0]["roas"], &meta["platform_roas"]), (&json!("1.000000"), &json!("4.333333")));
    assert_eq!(page["channels"].as_array().unwrap().last().unwrap()["channel"], "unattributed");

    let with_intervals = app.get(&format!("{path}&model=last_touch&intervals=true"), &token).await.json();
    for channel in with_intervals["channels"].as_array().unwrap() {
        let given = &channel["by_model"][0];
        let [low, at, high] =
            ["revenue_low", "revenue", "revenue_high"].map(|id| given[id].as_str().map(|t| t.parse::<f64>().unwrap()));
        assert_eq!(low.is_some(), channel["channel"] != "unattributed", "{channel}");
        assert!(low.is_none_or(|low| low <= at.unwrap() && at.unwrap() <= high.unwrap()), "{channel}");
    }
    assert_eq!(meta["by_model"][0]["revenue_low"], Value::Null, "not asked for");

    let two = app.get(&format!("{path}&model=linear&model=markov&format=csv"), &token).await;
    let text = String::from_utf8(two.body.to_vec()).unwrap();
    assert!(text.starts_with("channel,model,orders,revenue,ad_spend,roas,platform_reported_revenue\r\n"), "{text}");
    assert!(text.contains("meta,linear,0.333333,10.00,30.00,0.333333,130.00\r\n"), "{text}");

    let ways = app.get(&path.replace("attribution", "attribution/paths"), &token).await.json();
    assert_eq!((&ways["orders"], &ways["unattributed"]), (&json!(2), &json!(1)));
    assert_eq!(ways["paths"][1]["channels"], json!(["email"]));
    assert_eq!(ways["paths"][0]["channels"], json!(["meta", "google", "direct"]), "as many orders, more sales");
    assert_eq!((&ways["paths"][0]["days"], &ways["paths"][0]["sales"]), (&json!("14.000000"), &json!("90.00")));
    assert_eq!(ways["touches"], json!([{"at": 1, "orders": 1}, {"at": 3, "orders": 1}]));
    assert_eq!(ways["days_to_convert"], json!([{"at": 0, "orders": 1}, {"at": 14, "orders": 1}]));

    // Not another tenant's, and nothing that cannot be.
    let stranger = app.token(&other, Role::Owner);
    for path in [path.to_owned(), path.replace("attribution", "attribution/paths")] {
        assert_eq!(app.get(&path, &stranger).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for bad in
        ["model=best", "window_days=30", "half_life_days=0", "markov_order=4", "basis=never", "format=xml", "limit=5"]
    {
        let answer = app.get(&format!("{path}&{bad}"), &token).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let query =
        json!({"metrics": ["attributed_revenue"], "time": {"range": "7d"}, "compare": {"to": "attribution_model"}});
    let answer = app.ask(Method::POST, "/api/brands/juniper-oak/query", Some(&token), Some(query)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_comparison".to_owned()));
}
