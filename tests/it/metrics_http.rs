//! Figures over HTTP: the cache and its headers, what invalidates it, files, hostile queries, the stream.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::Batch;
use pulsepoint::http::Peer;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::metrics::{ads, cost, land, order};
use crate::support::app::{Answer, PEER, Shop, TestApp};

async fn get(app: &TestApp, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

pub async fn filled(app: &TestApp) -> (Shop, String) {
    let shop = app.shop("juniper-oak").await;
    let orders = vec![
        order("1", "2026-11-10T14:00:00Z", "a", "H1", 2, 50),
        order("2", "2026-10-10T14:00:00Z", "b", "B1", 1, 30),
    ];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, costs: vec![cost("H1", 20)], ..Batch::default() }).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    let path = format!("/api/brands/{}/dashboard", shop.brand.slug);
    (shop, path)
}

#[tokio::test]
async fn a_page_is_computed_once_and_again_after_a_landing() {
    let app = TestApp::start().await;
    let (shop, path) = filled(&app).await;
    let (owner, viewer) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Viewer));
    let first = get(&app, &path, &owner, &[]).await;
    assert_eq!((first.status, text(&first, "x-cache")), (StatusCode::OK, "miss"), "{first:?}");
    assert_eq!(text(&first, "cache-control"), "private, no-cache");
    assert!(text(&first, "vary").contains("Authorization"));
    let page: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(page["kpis"][0]["value"], "100.00");
    assert_eq!(page["kpis"].as_array().unwrap().len(), 8);
    assert_eq!(
        (page["window"]["from"].as_str(), page["window"]["end"].as_str()),
        (Some("2026-10-23"), Some("2026-11-22"))
    );
    assert_eq!(page["series"][0]["previous_t"], "2026-09-18");
    assert_eq!(page["channels"][0]["campaigns"][0]["campaign"], "BFCM Prospecting");
    // Lists are lists; what else is to be said of them stands beside them.
    for (list, rows) in [("channels", 1), ("products", 2), ("inventory", 0)] {
        assert_eq!(page[list].as_array().map(Vec::len), Some(rows), "{list}");
    }
    assert_eq!(
        (&page["channels_total"]["ad_spend"], &page["inventory_as_of"]),
        (&page["kpis"][4]["value"], &Value::Null)
    );
    assert_eq!((&page["products_truncated"], &page["inventory_truncated"]), (&json!(false), &json!(false)));
    let tag = text(&first, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");

    // The same question in other words, by id.
    let same = format!("/api/brands/{}/dashboard?range=30d&cmp=prev&match=dow", shop.brand.uid);
    let second = get(&app, &same, &owner, &[]).await;
    assert_eq!((text(&second, "x-cache"), text(&second, "etag")), ("hit", tag.as_str()));
    let known = get(&app, &path, &owner, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.len(), text(&known, "etag")), (StatusCode::NOT_MODIFIED, 0, tag.as_str()));

    // Only a holder of `operate` may have it computed anew; the figures and so the tag are the same.
    let anew = get(&app, &path, &owner, &[("cache-control", "no-cache")]).await;
    assert_eq!((text(&anew, "x-cache"), text(&anew, "etag")), ("bypass", tag.as_str()));
    assert_eq!(text(&get(&app, &path, &viewer, &[("cache-control", "no-cache")]).await, "x-cache"), "miss");
    assert_eq!(text(&get(&app, &path, &viewer, &[("cache-control", "no-cache")]).await, "x-cache"), "hit");

    let packed = get(&app, &path, &owner, &[("accept-encoding", "gzip")]).await;
    assert_eq!((text(&packed, "content-encoding"), text(&packed, "x-cache")), ("gzip", "hit"));
    assert!(packed.body.len() < first.body.len() / 3 && text(&packed, "etag") != tag);

    let orders = vec![order("3", "2026-11-11T14:00:00Z", "c", "H1", 1, 50)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders: orders.clone(), ..Batch::default() }).await;
    let landed = get(&app, &path, &owner, &[("if-none-match", &tag)]).await;
    assert_eq!((landed.status, text(&landed, "x-cache")), (StatusCode::OK, "miss"));
    let page: Value = serde_json::from_slice(&landed.body).unwrap();
    assert_eq!(page["kpis"][0]["value"], "150.00");
    // Landing the same again changes nothing.
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let again = get(&app, &path, &owner, &[]).await;
    assert_eq!((text(&again, "x-cache"), text(&again, "etag")), ("hit", text(&landed, "etag")));
}

#[tokio::test]
async fn a_renamed_brand_is_shown_at_once() {
    let app = TestApp::start().await;
    let (shop, path) = filled(&app).await;
    let owner = app.token(&shop, Role::Owner);
    get(&app, &path, &owner, &[]).await;
    let body = json!({"name": "New Name", "week_start": 7});
    app.ask(Method::PATCH, &format!("/api/brands/{}", shop.brand.uid), Some(&owner), Some(body)).await;
    let page: Value = serde_json::from_slice(&get(&app, &path, &owner, &[]).await.body).unwrap();
    assert_eq!((page["brand"]["name"].as_str(), page["brand"]["week_start"].as_u64()), (Some("New Name"), Some(7)));
}

#[tokio::test]
async fn other_tenants_brands_are_not_there() {
    let app = TestApp::start().await;
    let (shop, path) = filled(&app).await;
    let other = app.shop("northwind-demo").await;
    let stranger = app.token(&other, Role::Owner);
    let query = json!({"metrics": ["net_sales"], "time": {"range": "7d"}});
    for address in [path, format!("/api/brands/{}/dashboard", shop.brand.uid)] {
        assert_eq!(get(&app, &address, &stranger, &[]).await.status, StatusCode::NOT_FOUND);
        let address = address.replace("dashboard", "query");
        assert_eq!(
            app.ask(Method::POST, &address, Some(&stranger), Some(query.clone())).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn bad_questions_get_a_clear_problem() {
    let app = TestApp::start().await;
    let (shop, path) = filled(&app).await;
    let owner = app.token(&shop, Role::Owner);
    for (address, code, field) in [
        ("range=forever", "bad_time", "time.range"),
        ("rang=7d", "invalid_input", "rang"),
        ("range=7d&range=28d", "invalid_input", "range"),
        ("metric=netsales", "unknown_metric", "metric"),
        ("cmp=custom", "bad_parameter", "cmp"),
        ("f=country", "bad_parameter", "f"),
        ("f=country:gt:US", "bad_filter", "filters[0].op"),
        ("from=2026-13-01&to=2026-13-02", "bad_time", "time"),
        ("model=guess", "bad_parameter", "model"),
    ] {
        let answer = get(&app, &format!("{path}?{address}"), &owner, &[]).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}: {problem}");
        assert_eq!(
            (problem["code"].as_str(), problem["field"].as_str()),
            (Some(code), Some(field)),
            "{address}: {problem}"
        );
    }
    let address = path.replace("dashboard", "query");
    for (body, code) in [
        (json!({"metrics": ["net_sales"], "time": {"range": "7d"}, "sql": "select 1"}), "invalid_input"),
        (
            json!({"metrics": ["net_sales"], "dimensions": ["channel"], "time": {"range": "7d"}}),
            "dimension_not_available",
        ),
        (json!({"metrics": ["net_sales"], "time": {"range": "7d"}, "limit": 4_000_000_000_u32}), "bad_limit"),
        (json!({"metrics": ["'; drop table fact_orders; --"], "time": {"range": "7d"}}), "unknown_metric"),
        (
            json!({"metrics": ["net_sales"], "time": {"range": "7d"}, "compare": {"to": "metric"}}),
            "comparison_not_available",
        ),
    ] {
        let answer = app.ask(Method::POST, &address, Some(&owner), Some(body.clone())).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (answer.status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{body}: {problem}"
        );
    }
}

#[tokio::test]
async fn a_query_as_json_and_as_a_file() {
    let app = TestApp::start().await;
    let (shop, path) = filled(&app).await;
    let mut orders = vec![order("4", "2026-11-12T14:00:00Z", "d", "=1+1", 1, 5)];
    orders[0].lines[0].variant.title = "=cmd|' /C calc'!A0".to_owned();
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let viewer = app.token(&shop, Role::Viewer);
    let address = path.replace("dashboard", "query");
    let query = json!({"metrics": ["net_sales"], "dimensions": ["product"], "time": {"range": "30d"}, "compare": {"to": "previous_period"}});
    let answer = app.ask(Method::POST, &address, Some(&viewer), Some(query.clone())).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        body["columns"],
        json!(["product", "net_sales", "net_sales.previous", "net_sales.change", "net_sales.change_pct"])
    );
    assert_eq!(body["rows"][0], json!(["Product H1", "100.00", "0.00", "100.00", null]));
    assert_eq!((body["truncated"].as_bool(), body["totals"][1].as_str()), (Some(false), Some("105.00")));
    assert!(body["sql"].as_str().unwrap().contains("$1") && !body["parameters"].as_array().unwrap().is_empty());
    let file = app.ask(Method::POST, &format!("{address}?format=csv"), Some(&viewer), Some(query)).await;
    assert!(
        text(&file, "content-type").starts_with("text/csv")
            && text(&file, "content-disposition").contains("juniper-oak.csv")
    );
    let lines: Vec<&str> = std::str::from_utf8(&file.body).unwrap().lines().collect();
    assert_eq!(lines[0], "product,net_sales,net_sales.previous,net_sales.change,net_sales.change_pct");
    assert_eq!(lines[1], "Product H1,100.00,0.00,100.00,");
    assert!(lines.iter().any(|line| line.starts_with("'=cmd")), "{lines:?}");
    let told = shop.tenant.db().read(|conn| {
        Ok(conn
            .query_row("select count(*) from events where kind = 'figures.exported'", [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(told.await.unwrap(), 1);
}

#[tokio::test]
async fn the_catalogue_names_every_metric_with_its_dimensions() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let body: Value =
        serde_json::from_slice(&app.get("/api/metrics", &app.token(&shop, Role::Viewer)).await.body).unwrap();
    let metrics = body["metrics"].as_array().unwrap();
    let of = |id: &str| metrics.iter().find(|m| m["id"] == id).unwrap_or_else(|| panic!("{id}"));
    let has = |id: &str, dim: &str| of(id)["dimensions"].as_array().unwrap().contains(&json!(dim));
    assert!(
        has("net_sales", "country")
            && !has("net_sales", "channel")
            && has("ad_spend", "campaign")
            && has("cpa", "channel")
    );
    assert!(has("inventory_on_hand", "warehouse") && has("refunds", "refund_reason") && !has("mer_ratio", "product"));
    assert_eq!((of("mer_ratio")["unit"].as_str(), of("ncac")["good_when"].as_str()), (Some("ratio"), Some("down")));
    assert!(metrics.iter().all(|m| !m["dimensions"].as_array().unwrap().is_empty()));
}

#[tokio::test]
async fn the_stream_tells_of_landings() {
    use futures_util::StreamExt as _;
    let app = TestApp::start().await;
    let (shop, _) = filled(&app).await;
    let router = pulsepoint::server::router(&app.app).unwrap();
    let mut request = Request::builder()
        .uri("/api/stream")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.token(&shop, Role::Viewer)))
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert(Peer(PEER.parse().unwrap()));
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let first = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    let version = shop.tenant.data_version();
    assert!(first.contains("event: data") && first.contains(&format!("\"version\":{version}")), "{first}");
    let orders = vec![order("9", "2026-11-11T14:00:00Z", "c", "H1", 1, 50)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let next = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next.contains(&shop.brand.uid) && !next.contains(&format!("\"version\":{version}}}")), "{next}");
}
