//! The cohort grid over REST: a small shop computed by hand, and the whole demo against SQL that shares nothing with the grid.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use pulsepoint::auth::Role;
use pulsepoint::commerce::demo::PASSWORD;
use pulsepoint::commerce::rows::{AdScope, AdWindow, Batch, Order, Refund, RefundLine};
use pulsepoint::money::Currency;
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;
use serde_json::{Value, json};

use crate::demo_install;
use crate::metrics::{ads, cost, land, order, variant, whole};
use crate::support::app::{Shop, TestApp};

fn refund(of: &str, at: &str, goods: i64) -> Refund {
    Refund {
        external_id: format!("R{of}"),
        order: Some(of.to_owned()),
        store: Some("US".to_owned()),
        customer: None,
        currency: Currency::parse("USD").unwrap(),
        refunded_at: at.parse::<Timestamp>().unwrap().as_second(),
        day_estimated: false,
        reason: None,
        country: None,
        shipping_micros: 0,
        tax_micros: 0,
        lines: vec![RefundLine { variant: Some(variant("H1")), quantity: 1, goods_micros: whole(goods) }],
    }
}

pub fn spend_of_august(amount: i64) -> AdWindow {
    let mut window = ads(amount, 5);
    let day = "2026-08-15".parse().unwrap();
    window.rows.truncate(1);
    (window.rows[0].day, window.rows[0].spend_micros) = (day, whole(amount));
    window.replaces = AdScope::Days { first: day, last: day };
    window
}

/// August: a (at 23:30 on the last day in New York, September in UTC) and b; September: c, who comes back in the hour that the
/// clock repeats. b's refund is of October.
fn autumn() -> Batch {
    let mut german = order("4", "2026-09-15T14:00:00Z", "c", "H1", 1, 200);
    (german.country, german.discount_codes) = (Some("DE".to_owned()), vec!["WELCOME10".to_owned()]);
    german.store = Some("EU".to_owned());
    Batch {
        costs: vec![cost("H1", 40)],
        orders: vec![
            order("1", "2026-09-01T03:30:00Z", "a", "H1", 1, 100),
            order("2", "2026-09-01T05:00:00Z", "a", "H1", 1, 50),
            order("3", "2026-08-10T14:00:00Z", "b", "H1", 1, 100),
            german,
            order("5", "2026-11-01T06:30:00Z", "c", "H1", 1, 60),
            Order { customer: None, ..order("6", "2026-11-21T14:00:00Z", "z", "H1", 1, 999) },
        ],
        refunds: vec![refund("3", "2026-10-05T14:00:00Z", 30)],
        ..Batch::default()
    }
}

pub async fn shop_of_autumn(app: &TestApp) -> Shop {
    let shop = app.shop("autumn").await;
    land(&shop.tenant, &shop.brand, "shopify", autumn()).await;
    let ads = vec![spend_of_august(150)];
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads, ..Batch::default() }).await;
    shop
}

pub async fn grid(app: &TestApp, token: &str, brand: &str, query: &str) -> Value {
    let answer = app.get(&format!("/api/brands/{brand}/cohorts?{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {answer:?}");
    answer.json()
}

pub fn row<'a>(grid: &'a Value, cohort: &str) -> &'a Value {
    grid["cohorts"].as_array().unwrap().iter().find(|row| row["cohort"] == cohort).unwrap()
}

/// Of each age: complete, customers, orders, net sales of the age, LTV, retention.
fn told(cells: &Value) -> Vec<Value> {
    let keys = ["complete", "customers", "orders", "net_sales", "ltv", "retention"];
    cells.as_array().unwrap().iter().map(|cell| keys.iter().map(|key| cell[*key].clone()).collect()).collect()
}

#[tokio::test]
async fn a_small_shop_by_hand() {
    let app = TestApp::start().await;
    let shop = shop_of_autumn(&app).await;
    let other = app.shop("other").await;
    let more = vec![order("1", "2026-08-03T14:00:00Z", "a", "H1", 7, 700)];
    land(&other.tenant, &other.brand, "shopify", Batch { orders: more, ..Batch::default() }).await;
    let viewer = app.token(&shop, Role::Viewer);
    let found = grid(&app, &viewer, "autumn", "basis=net_sales").await;
    assert_eq!(
        (&found["window"]["start"], &found["window"]["end"], &found["window"]["complete_until"]),
        (&json!("2025-11-01"), &json!("2026-12-01"), &json!("2026-11-22"))
    );
    assert_eq!(found["cohorts"].as_array().unwrap().len(), 13);
    let august = row(&found, "2026-08");
    assert_eq!(
        told(&august["cells"]),
        [
            json!([true, 2, 2, "200.00", "100.00", "1.000000"]),
            json!([true, 1, 1, "50.00", "125.00", "0.500000"]),
            json!([true, 0, 0, "-30.00", "110.00", "0.000000"]),
            json!([false, 0, 0, "0.00", "110.00", "0.000000"]),
        ]
    );
    assert_eq!(
        [&august["customers"], &august["ad_spend"], &august["cac"], &august["payback_age"]],
        [&json!(2), &json!("150.00"), &json!("75.00"), &json!(0)]
    );
    assert_eq!(august["cells"][1]["ltv_cac"], "1.666667");
    let september = row(&found, "2026-09");
    assert_eq!(
        told(&september["cells"]),
        [
            json!([true, 1, 1, "200.00", "200.00", "1.000000"]),
            json!([true, 0, 0, "0.00", "200.00", "0.000000"]),
            json!([false, 1, 1, "60.00", "260.00", "1.000000"]),
        ]
    );
    assert_eq!([&september["cac"], &september["payback_age"]], [&json!("0.00"), &Value::Null]);
    // Each age counts the cohorts that have it behind them: three customers, three, then August's two.
    assert_eq!(
        told(&found["totals"]["cells"])[..4],
        [
            json!([true, 3, 3, "400.00", "133.33", "1.000000"]),
            json!([true, 1, 1, "50.00", "150.00", "0.333333"]),
            json!([true, 0, 0, "-30.00", "110.00", "0.000000"]),
            json!([true, 0, 0, "0.00", null, null]),
        ]
    );
    assert_eq!(found["totals"]["cells"][1]["of_customers"], 3);
    assert_eq!((&found["totals"]["customers"], &found["totals"]["cac"]), (&json!(3), &json!("50.00")));

    let stranger = app.token(&other, Role::Owner);
    assert_eq!(app.get("/api/brands/autumn/cohorts", &stranger).await.status, StatusCode::NOT_FOUND);
    let theirs = grid(&app, &stranger, "other", "basis=net_sales").await;
    assert_eq!(row(&theirs, "2026-08")["cells"][0]["value"], "4900.00");
}

#[tokio::test]
async fn profit_pays_back_later_and_customers_are_picked_by_their_first_order() {
    let app = TestApp::start().await;
    let shop = shop_of_autumn(&app).await;
    let viewer = app.token(&shop, Role::Viewer);
    // 60 + 60, then 10, then a refund of 30 whose unit cost 40 comes back.
    let found = grid(&app, &viewer, "autumn", "from=2026-08-01&to=2026-10-01&ages=12").await;
    let august = row(&found, "2026-08");
    let values: Vec<&Value> = august["cells"].as_array().unwrap().iter().map(|cell| &cell["value"]).collect();
    assert_eq!(values, ["120.00", "130.00", "140.00", "140.00"].map(|v| json!(v)).iter().collect::<Vec<_>>());
    assert_eq!(august["payback_age"], Value::Null);
    let cheaper = Batch { ads: vec![spend_of_august(135)], ..Batch::default() };
    land(&shop.tenant, &shop.brand, "meta_ads", cheaper).await;
    let found = grid(&app, &viewer, "autumn", "from=2026-08-01&to=2026-10-01&ages=12").await;
    assert_eq!(row(&found, "2026-08")["payback_age"], 2);

    for filter in [
        "first_country:eq:DE",
        "first_code:eq:WELCOME10",
        "first_store:eq:EU",
        "first_product:eq:Product%20H1&f=first_country:neq:US",
    ] {
        let picked = grid(&app, &viewer, "autumn", &format!("basis=net_sales&f={filter}")).await;
        assert_eq!(picked["totals"]["customers"], 1, "{filter}");
        // The later order was of another country, store and code: it is c's all the same.
        assert_eq!(row(&picked, "2026-09")["cells"][2]["value"], "260.00", "{filter}");
        assert_eq!((&picked["totals"]["ad_spend"], &picked["totals"]["cac"]), (&Value::Null, &Value::Null));
        assert_eq!(picked["notes"][0]["code"], "spend_not_split", "{filter}");
    }
    for (query, code, field) in [
        ("f=country:eq:DE", "dimension_not_available", "f"),
        ("f=first_country", "bad_parameter", "f"),
        ("grain=day", "bad_parameter", "grain"),
        ("basis=revenue", "bad_parameter", "basis"),
        ("ages=0", "bad_parameter", "ages"),
        ("from=2026-01-01", "bad_time", "from"),
        ("from=1990-01-01&to=2026-01-01", "bad_time", "from"),
        ("format=xml", "unknown_format", "format"),
        ("nonsense=1", "invalid_input", "nonsense"),
    ] {
        let answer = app.get(&format!("/api/brands/autumn/cohorts?{query}"), &viewer).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, code), "{query}");
        assert_eq!(answer.field().as_deref(), Some(field), "{query}");
    }
}

#[tokio::test]
async fn a_file_has_a_row_a_cell_and_is_told() {
    let app = TestApp::start().await;
    let shop = shop_of_autumn(&app).await;
    let viewer = app.token(&shop, Role::Viewer);
    let query = "from=2026-08-01&to=2026-10-01&ages=12&basis=net_sales";
    let file = app.get(&format!("/api/brands/autumn/cohorts?{query}&format=csv"), &viewer).await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"autumn-cohorts.csv\"");
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!(
        lines[0],
        "cohort,age,complete,cohort_customers,customers,orders,net_sales,gross_profit,value,ltv,retention,ltv_cac,ad_spend,cac,payback_age,contribution_margin,payback_periods"
    );
    assert_eq!(lines[3], "2026-08,2,true,2,0,0,-30.00,10.00,220.00,110.00,0.000000,1.466667,150.00,75.00,0,10.00,");
    assert_eq!(lines.len(), 1 + 4 + 3);
    let told = shop.tenant.db().read(|conn| {
        let sql = "select count(*) from events where kind = 'figures.exported'";
        Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(told.await.unwrap(), 1);
}

/// By the name of a cohort and an age: customers, orders, net sales in micros.
type Cells = BTreeMap<(String, i64), [i64; 3]>;

/// Every customer's first day from the orders themselves; each order and refund by its distance in months or weeks.
async fn by_hand(tenant: &Tenant, weekly: bool, week_start: i64, from: &'static str) -> Cells {
    let week = |day: &str| format!("({day} - ((isodow({day}) - {week_start} + 7) % 7)::integer)");
    let (name, age) = if weekly {
        (
            format!("{}::varchar", week("f.first")),
            format!("date_diff('day', {}, {}) // 7", week("f.first"), week("m.day")),
        )
    } else {
        ("strftime(f.first, '%Y-%m')".to_owned(), "date_diff('month', f.first, m.day)".to_owned())
    };
    let sql = format!(
        "with f as (select customer_id, min(day) as first from fact_orders where customer_id is not null group by 1),
         m as (select customer_id, day, 1 as orders, gross - discount as net from fact_orders
               union all select customer_id, day, 0, -goods from fact_refund_lines)
         select {name}, {age}, count(distinct m.customer_id) filter (orders = 1), sum(orders)::bigint,
                coalesce(sum(net), 0)::bigint
         from m join f on f.customer_id = m.customer_id where f.first >= date '{from}' group by 1, 2"
    );
    let warehouse = warehouse::of(tenant);
    let found = warehouse.query(move |conn| {
        let mut query = conn.prepare(&sql).unwrap();
        let row =
            |row: &pulsepoint::duck::Row| Ok(((row.get(0)?, row.get(1)?), [row.get(2)?, row.get(3)?, row.get(4)?]));
        Ok(query.query_map([], row).unwrap().collect::<Result<Cells, _>>().unwrap())
    });
    found.await.unwrap()
}

fn assert_equal(grid: &Value, cells: &Cells) {
    let decimals = |text: &Value| pulsepoint::money::parse_micros(text.as_str().unwrap()).unwrap();
    let (mut compared, mut customers) = (0, 0);
    for cohort in grid["cohorts"].as_array().unwrap() {
        let name = cohort["cohort"].as_str().unwrap();
        let size = cells.get(&(name.to_owned(), 0)).map_or(0, |sums| sums[0]);
        assert_eq!(cohort["customers"], size, "{name}");
        customers += size;
        let mut value = 0;
        for (age, cell) in (0..).zip(cohort["cells"].as_array().unwrap()) {
            let sums = cells.get(&(name.to_owned(), age)).copied().unwrap_or_default();
            assert_eq!((&cell["customers"], &cell["orders"]), (&json!(sums[0]), &json!(sums[1])), "{name} at {age}");
            // Both are rounded once, from micros that are converted row by row.
            assert!((decimals(&cell["net_sales"]) - sums[2]).abs() <= 5_000, "{name} at {age}: {cell} {sums:?}");
            value += sums[2];
            assert!((decimals(&cell["value"]) - value).abs() <= 5_000, "{name} at {age}: {cell} {value}");
            compared += 1;
        }
    }
    assert!(compared > 80 && customers > 1_000, "{compared} cells of {customers} customers");
    assert_eq!(grid["totals"]["customers"], customers);
}

/// The same figure of the typed query, by cohort and age.
async fn asked(
    app: &TestApp,
    token: &str,
    metric: &str,
    dims: [&str; 2],
    from: &str,
) -> BTreeMap<(String, i64), Value> {
    let query = json!({"metrics": [metric], "dimensions": dims, "limit": 10_000,
        "time": {"start": from, "end": "2026-12-01"}, "params": {"value_basis": "net_sales"}});
    let answer = app.ask(Method::POST, "/api/brands/juniper-oak/query", Some(token), Some(query)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let rows = answer.json()["rows"].as_array().unwrap().clone();
    let key = |row: &Value| (row[0].as_str().unwrap().to_owned(), row[1].as_i64().unwrap());
    rows.iter().map(|row| (key(row), row[2].clone())).collect()
}

#[tokio::test]
async fn the_demo_s_grid_equals_sql_by_hand_and_the_typed_query() {
    let app = demo_install::served().await;
    for (slug, email) in [("juniper-oak", "owner@juniper-oak.example"), ("northwind", "owner@northwind-demo.example")] {
        let token = app.login(email, PASSWORD).await.json()["access_token"].as_str().unwrap().to_owned();
        let brand = app.get(&format!("/api/brands/{slug}"), &token).await.json();
        let week_start = brand["week_start"].as_i64().unwrap();
        let tenant = app.app.tenants.by_slug(if slug == "northwind" { "northwind-demo" } else { slug }).await.unwrap();
        let months = grid(&app, &token, slug, "basis=net_sales&from=2025-01-01&to=2026-12-01").await;
        assert_equal(&months, &by_hand(&tenant, false, week_start, "2025-01-01").await);
        // A week that begins on a Sunday begins before the window does; the grid shows it whole.
        let weeks = grid(&app, &token, slug, "basis=net_sales&grain=week&from=2026-03-02&to=2026-11-23").await;
        assert_equal(&weeks, &by_hand(&tenant, true, week_start, "2026-02-01").await);
        if slug == "juniper-oak" {
            for (grid, dims, from) in [
                (&months, ["cohort_month", "age_months"], "2025-01-01"),
                (&weeks, ["cohort_week", "age_weeks"], "2026-03-02"),
            ] {
                let ltv = asked(&app, &token, "ltv", dims, from).await;
                let retention = asked(&app, &token, "cohort_retention", dims, from).await;
                let complete = complete_cells(grid);
                assert_eq!((ltv.len(), retention.len()), (complete.len(), complete.len()));
                for (key, cell) in complete {
                    assert_eq!((&ltv[&key], &retention[&key]), (&cell["ltv"], &cell["retention"]), "{key:?}");
                }
            }
        }
    }
}

fn complete_cells(grid: &Value) -> Vec<((String, i64), &Value)> {
    let mut complete = Vec::new();
    for cohort in grid["cohorts"].as_array().unwrap() {
        let cells = cohort["cells"].as_array().unwrap().iter().filter(|cell| cell["complete"] == true);
        let name = cohort["cohort"].as_str().unwrap();
        complete.extend(cells.map(|cell| ((name.to_owned(), cell["age"].as_i64().unwrap()), cell)));
    }
    complete
}
