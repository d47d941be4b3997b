//! What bad files and forms get: a clear sentence, and nothing half-written.

use std::io::Write;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use pulsepoint::auth::Role;
use pulsepoint::http::{PerMinute, Settings};

use crate::imports::{form, imported, number, upload};
use crate::support::app::{TestApp, request};

const HEADER: &str = "order,sku,title,quantity,unit_price,placed_at,customer,country\n";
const GOOD: &str = "1,A,Mug,1,2.50,2026-11-01 10:00:00,c1,Germany\n";

#[tokio::test]
async fn files_that_are_no_tables_are_refused_at_the_door() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let utf16_prose: Vec<u8> = "nothing but words".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, fields, code, field) in [
        (b"".as_slice(), vec![], "unknown_format", "file"),
        (b"colour,shape\nred,round\n", vec![], "unknown_format", "file"),
        (b"PK\x03\x04 an Excel workbook", vec![], "unreadable_file", "file"),
        (b"\x1f\x8b\x08 not really gzip", vec![], "unreadable_file", "file"),
        (b"%PDF-1.7", vec![], "unreadable_file", "file"),
        (&utf16_prose, vec![], "unknown_format", "file"),
        (&[0; 4000], vec![], "unknown_format", "file"),
        (b"Name,Lineitem quantity,Lineitem name,Lineitem price\n", vec![], "missing_columns", "file"),
        (b"sku,cost\n", vec![("format", "parquet")], "invalid_input", "format"),
        (b"sku,cost\n", vec![("format", "meta_ads")], "unknown_format", "file"),
        (b"sku,cost\n", vec![("currency", "gold")], "invalid_input", "currency"),
        (b"sku,cost\n", vec![("timezone", "Mars/Olympus")], "invalid_input", "timezone"),
        (b"sku,cost\n", vec![("date_format", "whenever")], "invalid_input", "date_format"),
        (b"sku,cost\n", vec![("map", "format = [")], "invalid_input", "map"),
        (b"sku,cost\n", vec![("colour", "red")], "invalid_input", "colour"),
        (b"sku,cost\n", vec![("account", "a"), ("account", "b")], "invalid_input", "account"),
    ] {
        let answer = upload(&app, &shop, ("f.csv", file), &fields).await;
        assert!(answer.status.is_client_error(), "{fields:?}: {answer:?}");
        assert_eq!((answer.code().as_str(), answer.field().as_deref()), (code, Some(field)), "{:?}", answer.body);
    }
    assert_eq!(number(&shop.tenant, "select count(*) from imports").await, 0);
    assert_eq!(number(&shop.tenant, "select count(*) from change_log").await, 0);
}

#[tokio::test]
async fn forms_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let token = app.token(&shop, Role::Owner);
    let send = async |kind: &str, body: Vec<u8>, brand: &str| {
        let mut request = request(Method::POST, &format!("/api/brands/{brand}/imports"), Some(&token), None);
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        *request.body_mut() = Body::from(body);
        app.send(request).await.status
    };
    let (kind, body) = form(("a.csv", b"sku,cost\n"), &[]);
    assert_eq!(send(&kind, body.clone(), "elsewhere").await, StatusCode::NOT_FOUND);
    assert!(send("application/json", b"{}".to_vec(), "acme").await.is_client_error());
    assert!(send(&kind, body[..body.len() - 30].to_vec(), "acme").await.is_client_error());
    assert!(send(&kind, b"--pulsepoint-test-boundary--\r\n".to_vec(), "acme").await.is_client_error());
    assert_eq!(number(&shop.tenant, "select count(*) from imports").await, 0);
}

#[tokio::test]
async fn too_large_and_too_many_are_refused() {
    let settings = Settings { upload_bytes: 64 << 10, rate_limit_per_minute: PerMinute::Of(0), ..Settings::default() };
    let app = TestApp::with(settings).await;
    let shop = app.shop("acme").await;
    let large = [HEADER.as_bytes(), &vec![b'x'; 200 << 10]].concat();
    let answer = upload(&app, &shop, ("large.csv", &large), &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(app.app.imports.receive(&shop.tenant, HEADER.as_bytes()).await.unwrap());
    }
    let file = [HEADER, GOOD].concat();
    let answer = upload(&app, &shop, ("one.csv", file.as_bytes()), &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "import_queue_full"));
    drop(held);
    let done = imported(&app, &shop, ("one.csv", file.as_bytes()), &[]).await;
    assert_eq!(done["rows_landed"], 1);
}

#[tokio::test]
async fn an_order_without_end_is_refused_and_the_rest_lands() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let file = format!("{HEADER}{}{GOOD}", "endless,B,Mug,1,1,2026-11-01,,\n".repeat(50_010));
    let done = imported(&app, &shop, ("orders.csv", file.as_bytes()), &[]).await;
    assert_eq!((done["rows_read"].as_u64(), done["rows_rejected"].as_u64()), (Some(50_011), Some(50_010)), "{done}");
    assert_eq!(done["rows_landed"], 1);
}

#[tokio::test]
async fn bad_rows_are_told_and_the_rest_lands() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let long = "x".repeat(2 << 20);
    let file = [
        HEADER,
        GOOD,
        "2,B,\"=HYPERLINK(\"\"http://sink\"\")\",1,1,2026-11-01,,\n",
        "3,C\0,Mug,1,1,2026-11-01,,\n",
        "4,D,Mug\n",
        "5,E,Mug,1,1,2026-11-01,,,surplus\n",
        "6,F,Mug,many,1,2026-11-01,,\n",
        "7,G,Mug,1,1,2026-02-30,,\n",
        "8,H,Mug,1,1,0001-01-01,,\n",
        "9,I,Mug,99999999999,99999999999,2026-11-01,,\n",
        "10,J,\"never closed,1,1,2026-11-01,,\n",
        &format!("11,K,{long},1,1,2026-11-01,,\n"),
        ",L,Mug,1,1,2026-11-01,,\n",
        "13,M,Mug,1,NaN,2026-11-01,,\n",
        "14,N,Mug,1,2.5,2026-11-01,c2,Atlantis\n",
    ]
    .concat();
    let done = imported(&app, &shop, ("orders.csv", file.as_bytes()), &[]).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(
        (done["rows_read"].as_u64(), done["rows_landed"].as_u64(), done["rows_rejected"].as_u64()),
        (Some(14), Some(3), Some(11))
    );
    let token = app.token(&shop, Role::Owner);
    let rejects = app.get(done["rejects_url"].as_str().unwrap(), &token).await;
    let text = String::from_utf8(rejects.body.to_vec()).unwrap();
    for (line, words) in [
        (4, "NUL"),
        (5, "3 fields where the header has 8"),
        (6, "9 fields"),
        (7, "quantity"),
        (8, "not a date"),
        (9, "not a date"),
        (10, "too large"),
        (11, "never closed"),
        (12, "longer than"),
        (13, "no order number"),
        (14, "price"),
    ] {
        let row = text
            .lines()
            .find(|row| row.starts_with(&format!("{line},")))
            .unwrap_or_else(|| panic!("{line}: {}", &text[..2000.min(text.len())]));
        assert!(row.contains(words) && row.len() < 10_000, "{line}: {}", &row[..200.min(row.len())]);
    }
}

#[tokio::test]
async fn bombs_and_cut_files_land_nothing() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let packed = |text: &[u8], level: Compression| {
        let mut out = GzEncoder::new(Vec::new(), level);
        out.write_all(text).unwrap();
        out.finish().unwrap()
    };
    let mut bomb = [HEADER, GOOD].concat().into_bytes();
    bomb.extend(std::iter::repeat_n(b'a', 60 << 20));
    let shown = imported(&app, &shop, ("bomb.csv.gz", &packed(&bomb, Compression::best())), &[]).await;
    assert_eq!(shown["state"], "failed");
    assert!(shown["error"].as_str().unwrap().contains("hundredfold"), "{shown}");
    let many = format!(
        "{HEADER}{}",
        (0..20_000).map(|i| format!("{i},A,Mug,1,{i}.50,2026-11-01 10:00:00,c{i},\n")).collect::<String>()
    );
    let whole = packed(many.as_bytes(), Compression::fast());
    let shown = imported(&app, &shop, ("cut.csv.gz", &whole[..whole.len() / 2]), &[]).await;
    assert_eq!(shown["state"], "failed");
    assert!(shown["error"].as_str().unwrap().contains("cannot be read"), "{shown}");
    assert_eq!(number(&shop.tenant, "select count(*) from orders").await, 0);
    assert_eq!(number(&shop.tenant, "select count(*) from change_log").await, 0);
    let shown = imported(&app, &shop, ("whole.csv.gz", &whole), &[]).await;
    assert_eq!(shown["rows_landed"], 20_000);
}

#[tokio::test]
async fn refused_rows_are_counted_past_those_that_are_kept() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let file = format!("{HEADER}{GOOD}{}", "2,B,Mug,1,1,never,,\n".repeat(3_000));
    let done = imported(&app, &shop, ("orders.csv", file.as_bytes()), &[]).await;
    assert_eq!((done["rows_rejected"].as_u64(), done["rows_landed"].as_u64()), (Some(3_000), Some(1)));
    assert_eq!(number(&shop.tenant, "select count(*) from import_rejects").await, 1_000);
}
