//! From our net sales to what the platforms claim, by hand and on the demo; and the tips and duties that a file of orders carries.

use axum::http::StatusCode;
use pulsepoint::auth::Role;
use pulsepoint::commerce::demo::PASSWORD;
use pulsepoint::commerce::rows::{Batch, Refund, RefundLine};
use pulsepoint::money::{Currency, parse_micros};
use pulsepoint::warehouse;
use serde_json::{Value, json};

use crate::bridge::{NOVEMBER, assert_walks, get, steps};
use crate::demo::instant;
use crate::demo_install;
use crate::imports::imported;
use crate::metrics::{ads, land, order, variant, whole};
use crate::support::app::{Shop, TestApp};
use crate::support::touches::{Before, before, touch, write};

const DAY: i64 = 86_400;

fn refund(id: &str, of: Option<&str>, at: &str, goods: i64) -> Refund {
    Refund {
        external_id: id.to_owned(),
        order: of.map(str::to_owned),
        store: Some("US".to_owned()),
        customer: None,
        currency: Currency::parse("USD").unwrap(),
        refunded_at: instant(at).as_second(),
        day_estimated: false,
        reason: None,
        country: None,
        shipping_micros: 0,
        tax_micros: 0,
        lines: vec![RefundLine { variant: Some(variant("H1")), quantity: 1, goods_micros: whole(goods) }],
    }
}

/// 90 by meta, google and direct one after the other, 60 of it back a week later; 50 by e-mail; 30 by nothing; and 5 back of an order
/// that nobody knows. Meta claims 50 and 80.
async fn shop(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let orders = vec![
        order("1", "2026-11-02T15:00:00Z", "a", "H1", 1, 90),
        order("2", "2026-11-03T15:00:00Z", "b", "B1", 1, 50),
        order("3", "2026-11-04T15:00:00Z", "c", "H1", 1, 30),
    ];
    let refunds =
        vec![refund("r1", Some("1"), "2026-11-09T15:00:00Z", 60), refund("r2", None, "2026-11-12T15:00:00Z", 5)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, refunds, ..Batch::default() }).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    let touches = [
        Before { campaign: Some("BFCM Prospecting"), ..before("1", 14 * DAY, "meta") },
        before("1", 7 * DAY, "google"),
        before("1", 0, "direct"),
        before("2", 3_600, "email"),
    ];
    touch(&shop.tenant, &shop.brand, 1, &touches).await;
    shop
}

fn told(claims: &Value) -> Vec<(String, String, i64)> {
    let all = claims["steps"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|step| (text(&step["step"]), text(&step["amount"]), step["orders"].as_i64().unwrap())).collect()
}

fn micros(value: &Value) -> i64 {
    parse_micros(value.as_str().unwrap_or_else(|| panic!("{value}"))).unwrap()
}

async fn listed(app: &TestApp, shop: &Shop, query: &str) -> Vec<(Value, Value, Value)> {
    let page = get(app, shop, &format!("bridge/orders?{NOVEMBER}&{query}")).await;
    assert_eq!(page["truncated"], false);
    let rows = page["orders"].as_array().unwrap().iter();
    rows.map(|one| (one["order"].clone(), one["amount"].clone(), one["channels"].clone())).collect()
}

#[tokio::test]
async fn net_sales_walk_to_the_claims_and_every_step_has_its_rows() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, shop(&app, "northwind-demo").await);
    let found = get(&app, &shop, &format!("bridge?{NOVEMBER}")).await;
    let claims = &found["claims"];
    assert_eq!((&found["net_sales"], &claims["model"]), (&json!("105.00"), &json!("last_touch")));
    let step = |id: &str, amount: &str, orders| (id.to_owned(), amount.to_owned(), orders);
    // Meta has no last touch: 30 of the first order is direct's, 50 is e-mail's.
    let expected =
        [step("unattributed", "-25.00", 2), step("other_channels", "-80.00", 2), step("double_claims", "130.00", 0)];
    assert_eq!(told(claims), expected);
    assert_eq!(
        (&claims["credited"], &claims["total"], &claims["residual"]),
        (&json!("0.00"), &json!("130.00"), &json!("0.00"))
    );
    assert!(claims["steps"][2]["not_tied"].as_str().unwrap().contains("cannot be known"), "{claims}");
    let usd = |amount: &str| json!(amount);
    assert_eq!(
        listed(&app, &shop, "step=unattributed").await,
        [(json!("#3"), usd("30.00"), json!([])), (Value::Null, usd("-5.00"), json!([]))]
    );
    assert_eq!(
        listed(&app, &shop, "step=other_channels").await,
        [(json!("#2"), usd("50.00"), json!(["email"])), (json!("#1"), usd("30.00"), json!(["direct"]))]
    );

    // By the first touch the first order is meta's, and of the campaign that claims.
    let found = get(&app, &shop, &format!("bridge?{NOVEMBER}&model=first_touch")).await;
    let expected =
        [step("unattributed", "-25.00", 2), step("other_channels", "-50.00", 1), step("double_claims", "100.00", 1)];
    assert_eq!(told(&found["claims"]), expected);
    assert_eq!(
        found["claims"]["channels"],
        json!([{"channel": "meta", "revenue": "130.00", "credited": "30.00", "difference": "100.00"}])
    );
    let page = get(&app, &shop, &format!("bridge/claims?{NOVEMBER}&model=first_touch")).await;
    let row = |day: &str, claimed: &str, conversions: &str, credited: &str, orders: i64, difference: &str| {
        json!({"day": day, "channel": "meta", "campaign": "BFCM Prospecting", "claimed": claimed, "conversions": conversions,
            "credited": credited, "orders": orders, "difference": difference})
    };
    let rows = [
        row("2026-11-09", "0.00", "0", "-60.00", 1, "60.00"),
        row("2026-11-01", "50.00", "1", "0.00", 0, "50.00"),
        row("2026-11-02", "80.00", "2.500000", "90.00", 1, "-10.00"),
    ];
    assert_eq!(page["claims"], json!(rows));
    let one = "step=credited&model=first_touch&day=2026-11-02&channel=meta&campaign=BFCM%20Prospecting";
    assert_eq!(listed(&app, &shop, one).await, [(json!("#1"), usd("90.00"), json!(["meta"]))]);
    assert_eq!(
        listed(&app, &shop, "step=credited&model=first_touch").await,
        [(json!("#1"), usd("30.00"), json!(["meta"]))]
    );
    assert_eq!(listed(&app, &shop, "step=credited&model=first_touch&campaign=").await, []);
    // The other tenant's rows are as many, and none of these.
    let theirs = get(&app, &other, &format!("bridge/claims?{NOVEMBER}&model=first_touch")).await;
    assert_eq!(theirs["claims"].as_array().unwrap().len(), 3);
    // A third each: 10 are meta's.
    let found = get(&app, &shop, &format!("bridge?{NOVEMBER}&model=linear")).await;
    assert_eq!((&found["claims"]["credited"], &found["claims"]["residual"]), (&json!("10.00"), &json!("0.00")));
}

#[tokio::test]
async fn what_no_order_stands_behind_is_refused() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, shop(&app, "northwind-demo").await);
    let viewer = app.token(&shop, Role::Viewer);
    for (path, field) in [
        ("bridge?from=2026-11-01&to=2026-12-01&model=markov", "model"),
        ("bridge/claims?from=2026-11-01&to=2026-12-01&model=guess", "model"),
        ("bridge/claims?from=2026-11-01&to=2026-12-01&limit=0", "limit"),
        ("bridge/orders?from=2026-11-01&to=2026-12-01&step=unattributed&store=US", "store"),
        ("bridge/orders?from=2026-11-01&to=2026-12-01&step=unattributed&channel=meta", "channel"),
        ("bridge/orders?from=2026-11-01&to=2026-12-01&step=credited&day=monday", "day"),
    ] {
        let refused = app.get(&format!("/api/brands/{}/{path}", shop.brand.slug), &viewer).await;
        assert_eq!(
            (refused.status, refused.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{path}"
        );
    }
    let stranger = app.token(&other, Role::Owner);
    let path = format!("/api/brands/{}/bridge/claims?{NOVEMBER}", shop.brand.slug);
    assert_eq!(app.get(&path, &stranger).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_spoiled_order_and_a_spoiled_claim_are_left_over() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, shop(&app, "northwind-demo").await);
    // Behind the back of what is summed by day, which days that are over are read from.
    write(&shop.tenant, "update fact_orders set gross = gross + 7000000 where external_id = '2'".to_owned()).await;
    write(&other.tenant, "update fact_ad_days set revenue = revenue + 1000000 where day = '2026-11-02'".to_owned())
        .await;
    let found = get(&app, &shop, "bridge?from=2026-11-01&to=2026-11-20").await;
    assert_eq!(found["claims"]["residual"], "7.00", "{found}");
    assert_eq!(listed(&app, &shop, "step=other_channels").await[0], (json!("#2"), json!("57.00"), json!(["email"])));
    assert_eq!(get(&app, &other, "bridge?from=2026-11-01&to=2026-11-20").await["claims"]["residual"], "-1.00");
}

#[tokio::test]
async fn the_demo_s_claims_are_reached_by_every_model_that_looks_at_orders() {
    let app = demo_install::served().await;
    for (slug, email) in [("juniper-oak", "owner@juniper-oak.example"), ("northwind", "owner@northwind-demo.example")] {
        let token = app.login(email, PASSWORD).await.json()["access_token"].as_str().unwrap().to_owned();
        let window = "from=2026-10-01&to=2026-11-01";
        for model in ["last_touch", "linear", "position_based"] {
            let path = format!("/api/brands/{slug}/bridge?{window}&model={model}");
            let claims = app.get(&path, &token).await.json()["claims"].clone();
            assert_eq!(claims["residual"], "0.00", "{slug} {model}: {claims}");
            for step in claims["steps"].as_array().unwrap() {
                // The second shop has no pixel: nothing explains its orders, and nobody else is credited.
                let known = slug == "juniper-oak" || step["step"] == "unattributed";
                assert!(!known || micros(&step["amount"]) != 0 && step["orders"] != 0, "{slug} {model}: {step}");
            }
            let path = format!("/api/brands/{slug}/bridge/claims?{window}&model={model}&limit=1000");
            let page = app.get(&path, &token).await.json();
            assert_eq!(page["truncated"], false);
            let rows = page["claims"].as_array().unwrap();
            let sum: i64 = rows.iter().map(|row| micros(&row["difference"])).sum();
            assert_eq!(sum, micros(&claims["steps"][2]["amount"]), "{slug} {model}");
            let meet = rows.iter().any(|row| micros(&row["claimed"]) > 0 && row["orders"] != 0);
            assert!(slug != "juniper-oak" || meet, "campaigns meet: {}", rows[0]);
            for (at, part) in ["unattributed", "other_channels"].into_iter().enumerate() {
                assert_eq!(
                    all_of(&app, &token, slug, (window, model, part)).await,
                    told(&claims)[at],
                    "{slug} {model}"
                );
            }
        }
    }
}

/// A step as its orders tell it.
async fn all_of(
    app: &TestApp,
    token: &str,
    slug: &str,
    (window, model, part): (&str, &str, &str),
) -> (String, String, i64) {
    let (mut sum, mut count) = (0, 0);
    loop {
        let path =
            format!("/api/brands/{slug}/bridge/orders?{window}&model={model}&step={part}&limit=1000&offset={count}");
        let page = app.get(&path, token).await.json();
        let rows = page["orders"].as_array().unwrap_or_else(|| panic!("{page}"));
        sum -= rows.iter().map(|row| micros(&row["amount"])).sum::<i64>();
        count += rows.len();
        if page["truncated"] == false {
            break;
        }
    }
    let decimals = if sum % 10_000 == 0 { 2 } else { 6 };
    (part.to_owned(), pulsepoint::money::format_micros(sum.into(), decimals), i64::try_from(count).unwrap())
}

/// Goods of 100.00, 5.00 shipping, 8.00 taxes, 12.34 duties, a tip of 3.00; and 40.00 with a tip of 2.00, all of it back.
const FILE: &str = "\
Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Duties,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Lineitem sku,Lineitem requires shipping,Lineitem taxable,Refunded Amount,Id
#1,a@x.example,paid,USD,100.00,5.00,8.00,12.34,128.34,2026-11-10 10:00:00 -0500,1,Hoodie,100.00,HOOD,true,true,0.00,9001
#1,,,,,,,,,,1,Tip,3.00,,false,false,,
#2,b@x.example,refunded,USD,40.00,0.00,0.00,,42.00,2026-11-11 10:00:00 -0500,1,Beanie,40.00,BEAN,true,true,42.00,9002
#2,,,,,,,,,,1,Tip,2.00,,false,false,,
";

#[tokio::test]
async fn tips_and_duties_of_a_file_are_steps_of_their_own() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("northwind-demo").await);
    for one in [&shop, &other] {
        imported(&app, one, ("shopify_orders.csv", FILE.as_bytes()), &[]).await;
    }
    let found = assert_walks(&app, &shop, NOVEMBER).await;
    let us = &found["shops"][0];
    let pair = |id: &str, amount: &str| (id.to_owned(), amount.to_owned());
    let expected = [
        pair("test_orders", "0.00"),
        pair("taxes", "-8.00"),
        pair("shipping", "-5.00"),
        pair("tips", "-5.00"),
        pair("duties", "-12.34"),
        pair("gift_cards", "0.00"),
        pair("refund_date", "-40.00"),
    ];
    assert_eq!(steps(us), expected);
    assert_eq!(
        (&us["total"]["amount"], &us["net_sales"], &us["residual"]),
        (&json!("170.34"), &json!("100.00"), &json!("0.00"))
    );
    // Neither is a product, nor a sale.
    let read = other.tenant.db().read(|conn| {
        let sql = "select (select count(*) from products), (select count(*) from order_lines), \
            (select sum(tip_micros) from orders), (select sum(duty_micros) from orders)";
        Ok(conn.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?]))?)
    });
    assert_eq!(read.await.unwrap(), [2, 2, 5_000_000, 12_340_000]);

    // Somebody spoils the duties of the first order.
    let spoil = |tx: &rusqlite::Transaction| {
        Ok(tx.execute("update orders set duty_micros = duty_micros + 1000000 where external_id = '9001'", [])?)
    };
    assert_eq!(shop.tenant.db().write(spoil).await.unwrap(), 1);
    warehouse::of(&shop.tenant).rebuild(&shop.tenant).await.unwrap();
    let spoiled = assert_walks(&app, &shop, NOVEMBER).await;
    assert_eq!(spoiled["shops"][0]["residual"], "1.00");
    let store = us["store"].as_str().unwrap();
    let named = listed(&app, &shop, &format!("store={store}&currency=USD&step=residual")).await;
    assert_eq!(named, [(json!("#1"), json!("-1.00"), json!([]))]);
    assert_eq!(get(&app, &other, &format!("bridge?{NOVEMBER}")).await["shops"][0]["residual"], "0.00");
}
