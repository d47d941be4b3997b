//! Files through the front door: an upload, its progress, its figures, and the same file again.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use pulsepoint::auth::{Author, Role};
use pulsepoint::brands::{self, Brand, NewBrand};
use pulsepoint::imports::{Import, Options};
use pulsepoint::tenants::Tenant;
use serde_json::{Value, json};

use crate::support::app::{Answer, Shop, TestApp, now, request};

/// A form with one file and text fields.
pub fn form(file: (&str, &[u8]), fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let boundary = "pulsepoint-test-boundary";
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: text/csv\r\n\r\n",
        file.0
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file.1);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Sends a file to the shop's brand.
pub async fn upload(app: &TestApp, shop: &Shop, file: (&str, &[u8]), fields: &[(&str, &str)]) -> Answer {
    let (kind, body) = form(file, fields);
    let path = format!("/api/brands/{}/imports", shop.brand.slug);
    let mut request = request(Method::POST, &path, Some(&app.token(shop, Role::Owner)), None);
    request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    *request.body_mut() = Body::from(body);
    app.send(request).await
}

/// Sends a file and waits until it has ended.
pub async fn imported(app: &TestApp, shop: &Shop, file: (&str, &[u8]), fields: &[(&str, &str)]) -> Value {
    let taken = upload(app, shop, file, fields).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{:?}", taken.body);
    let id = taken.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/brands/{}/imports/{id}", shop.brand.slug);
    let token = app.token(shop, Role::Owner);
    loop {
        let shown = app.get(&path, &token).await.json();
        if !shown["finished_at"].is_null() {
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A brand with nothing in it.
pub async fn brand(tenant: &Tenant, slug: &str, currency: &str, zone: &str) -> Brand {
    let new = NewBrand::parse(slug, None, currency, zone, None).unwrap();
    tenant.db().write(move |tx| brands::create(tx, &new, now())).await.unwrap()
}

/// Imports bytes as a command does, and waits.
pub async fn run(
    app: &TestApp,
    to: (&Tenant, &Brand),
    bytes: &[u8],
    options: Options,
) -> pulsepoint::error::Result<Import> {
    app.app.imports.run_file(to, options, Author::without_request("cli"), bytes, |_| {}).await
}

/// One number by SQL.
pub async fn number(tenant: &Tenant, sql: &'static str) -> i64 {
    tenant
        .db()
        .read(move |conn| Ok(conn.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0)))
        .await
        .unwrap()
}

/// The shared data folder, where there is one.
pub fn shared(name: &str) -> Option<std::path::PathBuf> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let found =
        ["../shared/data", "../../shared/data"].iter().map(|to| here.join(to).join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: ../shared/data/{name} is not there");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn online_retail_gives_the_figures_of_the_page_of_metrics() {
    let Some(path) = shared("online_retail.csv.gz") else { return };
    let bytes = std::fs::read(path).unwrap();
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let retail = brand(&shop.tenant, "Online Retail", "GBP", "Europe/London").await;
    let done = run(&app, (&shop.tenant, &retail), &bytes, Options::default()).await.unwrap();
    assert_eq!((done.format.as_str(), done.state.as_str()), ("orders", "done"));
    assert_eq!(
        (done.counts.read, done.counts.landed, done.counts.unchanged, done.counts.rejected),
        (541_909, 541_909, 0, 0)
    );
    let gross = number(&shop.tenant, "select sum(price_micros * quantity) from order_lines where gift_card = 0").await;
    let refunds = number(&shop.tenant, "select sum(goods_micros) from refund_lines").await;
    assert_eq!((gross + 5_000) / 10_000, 1_064_456_042);
    assert_eq!((refunds + 5_000) / 10_000, 89_681_249);
    assert_eq!((gross - refunds + 5_000) / 10_000, 974_774_793);
    assert_eq!(number(&shop.tenant, "select count(*) from orders where test = 0").await, 22_064);
    assert_eq!(number(&shop.tenant, "select count(distinct customer_id) from orders").await, 4_339);
    assert_eq!(number(&shop.tenant, "select count(*) from import_rejects").await, 0);
    assert_eq!(number(&shop.tenant, "select count(*) from orders where country = 'IE'").await, 288);
    let version = shop.tenant.data_version();
    assert!(version > 0);
    let again = run(&app, (&shop.tenant, &retail), &bytes, Options::default()).await.unwrap();
    assert_eq!((again.counts.landed, again.counts.unchanged), (0, 541_909));
    assert_eq!(shop.tenant.data_version(), version);
    assert_eq!(number(&shop.tenant, "select max(seq) from change_log").await, version);
}

#[tokio::test]
async fn an_upload_is_taken_in_runs_and_is_told_of() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let file = include_bytes!("../fixtures/imports/shopify_orders.csv");
    let done = imported(&app, &shop, ("C:\\exports\\orders_export.csv", file), &[]).await;
    let path = format!("/api/brands/acme/imports/{}", done["id"].as_str().unwrap());
    let told = json!({ "state": "done", "format": "shopify_orders", "file_name": "orders_export.csv", "error": null,
        "rows_read": 9, "rows_landed": 7, "rows_unchanged": 0, "rows_rejected": 2, "bytes_done": file.len(), "bytes_total": file.len(),
        "rejects_url": format!("{path}/rejects") });
    for (key, value) in told.as_object().unwrap() {
        assert_eq!(&done[key], value, "{key}");
    }
    let token = app.token(&shop, Role::Owner);
    let list = app.get("/api/brands/acme/imports", &token).await.json();
    assert_eq!(list["imports"][0]["id"], done["id"]);
    let rejects = app.get(&format!("{path}/rejects"), &token).await;
    assert_eq!(rejects.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let text = String::from_utf8(rejects.body.to_vec()).unwrap();
    assert!(text.starts_with("line,reason,row\r\n11,\"Line 12 of the same group cannot land"), "{text}");
    assert!(text.contains("12,\"Lineitem quantity is not a whole number: \"\"two\"\".\",\"#1006,"), "{text}");
    let kinds = "select group_concat(kind, ' ') from (select kind from events where kind like 'import.%' order by seq)";
    let told: String =
        shop.tenant.db().read(move |conn| Ok(conn.query_row(kinds, [], |row| row.get(0))?)).await.unwrap();
    assert_eq!(told, "import.started import.finished");
}

#[tokio::test]
async fn formats_are_listed_and_other_peoples_imports_are_not_there() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("globex").await);
    let formats = app.get("/api/imports/formats", &app.token(&shop, Role::Marketer)).await.json();
    assert_eq!(formats.as_array().unwrap().len(), 9);
    assert_eq!(formats[3]["needs"], json!(["account", "currency", "timezone", "date_format"]));
    let done = imported(&app, &shop, ("costs.csv", b"sku,cost,from\nA,1.50,2026-01-01\n"), &[]).await;
    let id = done["id"].as_str().unwrap();
    brand(&shop.tenant, "second", "USD", "UTC").await;
    for tail in ["", "/rejects"] {
        let mine = app.get(&format!("/api/brands/acme/imports/{id}{tail}"), &app.token(&shop, Role::Owner)).await;
        assert_eq!(mine.status, StatusCode::OK);
        let foreign = app.get(&format!("/api/brands/globex/imports/{id}{tail}"), &app.token(&other, Role::Owner)).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        let wrong_brand =
            app.get(&format!("/api/brands/second/imports/{id}{tail}"), &app.token(&shop, Role::Owner)).await;
        assert_eq!(wrong_brand.status, StatusCode::NOT_FOUND);
    }
    let analyst = app.get("/api/brands/acme/imports", &app.token(&shop, Role::Analyst)).await;
    assert_eq!(analyst.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nothing_of_a_file_is_on_disk_in_clear() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let canary = "canary-7f3a@example.com";
    let file = format!(
        "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1,{canary},2026-11-01,1,Mug canary-7f3a,5\n#2,{canary},never,1,Mug,5\n"
    );
    let done = imported(&app, &shop, ("orders.csv", file.as_bytes()), &[]).await;
    assert_eq!((done["rows_landed"].as_u64(), done["rows_rejected"].as_u64()), (Some(1), Some(1)));
    let mut folders = vec![app.folder().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(11).any(|w| w == b"canary-7f3a"), "{}", path.display());
            }
        }
    }
    assert!(files > 1);
}
