//! The pixel over HTTP: what a page tells becomes sessions and orders' journeys; who may not tell is not heard; floods, machines and
//! nonsense are bounded; two tenants know nothing of each other.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::Batch;
use pulsepoint::http::Peer;
use pulsepoint::pixel::sites::{self, Consent, NewSite};
use serde_json::{Value, json};

use crate::metrics::{land, order};
use crate::support::app::{Answer, Shop, TestApp, now};

const AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
const ORIGIN: &str = "https://shop.example";

pub struct Site {
    pub key: String,
    pub secret: String,
}

pub async fn site(app: &TestApp, shop: &Shop) -> Site {
    let path = format!("/api/brands/{}/sites", shop.brand.slug);
    let body = json!({ "name": "Shop", "origins": [format!("{ORIGIN}/")], "consent": "implied" });
    let made = app.ask(Method::POST, &path, Some(&app.token(shop, Role::Owner)), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let made = made.json();
    assert!(made["snippet"].as_str().unwrap().contains(made["id"].as_str().unwrap()));
    let text = |at: &str| made[at].as_str().unwrap().to_owned();
    Site { key: text("id"), secret: text("secret") }
}

/// The key of a new site of the shop's brand, made past the page.
pub async fn site_of(shop: &Shop) -> String {
    let (id, brand) = (shop.tenant.id().clone(), shop.brand.clone());
    let new = NewSite::parse("Shop", &[ORIGIN.to_owned()], Consent::Required).unwrap();
    let made = shop.tenant.db().write(move |tx| {
        // Whoever tries all that can be asked may have made as many as a brand has.
        let full = "delete from pixel_sites where (select count(*) from pixel_sites) >= 50";
        tx.execute(full, [])?;
        sites::create(tx, (&id, &brand), new, "test", now())
    });
    made.await.unwrap().0.key
}

pub async fn send(app: &TestApp, key: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post(format!("/px/{key}")).header("content-type", "text/plain;charset=UTF-8");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(body.into()).unwrap()).await
}

pub async fn page(app: &TestApp, key: &str, body: &Value) -> StatusCode {
    let answer = send(app, key, &[("origin", ORIGIN), ("user-agent", AGENT)], body.to_string()).await;
    answer.status
}

pub fn ms(minutes: i64) -> i64 {
    now().as_millisecond() + minutes * 60_000
}

pub fn event(id: &str, kind: &str, minutes: i64, address: &str) -> Value {
    json!({ "i": id, "k": kind, "t": ms(minutes), "u": format!("{ORIGIN}{address}") })
}

pub fn told(visitor: &str, events: &[Value]) -> Value {
    json!({ "v": format!("{visitor}0123456789abcdef"), "s": ms(0), "e": events })
}

pub fn count(shop: &Shop, sql: &str) -> i64 {
    shop.tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

async fn figures(app: &TestApp, shop: &Shop, query: Value) -> Value {
    let path = format!("/api/brands/{}/query", shop.brand.slug);
    let answer = app.ask(Method::POST, &path, Some(&app.token(shop, Role::Viewer)), Some(query)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn visits_become_sessions_and_their_rates_and_the_order_s_journey() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let own = site(&app, &shop).await;
    let theirs = site(&app, &other).await;
    let ann = [
        event("1", "page", -100, "/?utm_source=klaviyo&utm_medium=email&utm_campaign=Welcome+Flow"),
        event("2", "add_to_cart", -95, "/products/tote"),
        event("3", "checkout", -94, "/cart"),
        json!({ "i": "4", "k": "purchase", "t": ms(-90), "u": format!("{ORIGIN}/thanks"), "n": "#1" }),
    ];
    assert_eq!(page(&app, &own.key, &told("ann", &ann)).await, StatusCode::NO_CONTENT);
    // Told twice, it counts once.
    assert_eq!(page(&app, &own.key, &told("ann", &ann)).await, StatusCode::NO_CONTENT);
    let bob = [event("1", "page", -80, "/?gclid=1"), event("2", "add_to_cart", -79, "/"), event("3", "page", -40, "/")];
    assert_eq!(page(&app, &own.key, &told("bob", &bob)).await, StatusCode::NO_CONTENT);
    assert_eq!(page(&app, &theirs.key, &told("ann", &[event("1", "page", -1, "/")])).await, StatusCode::NO_CONTENT);
    app.app.pixel.written().await;
    land(
        &shop.tenant,
        &shop.brand,
        "shopify",
        Batch { orders: vec![order("1", "2026-11-22T13:29:00Z", "ann", "H1", 1, 50)], ..Batch::default() },
    )
    .await;
    let metrics =
        ["sessions", "conversion_rate", "add_to_cart_rate", "cart_abandonment_rate", "checkout_completion_rate"];
    let time = json!({ "start": "2026-11-22", "end": "2026-11-23" });
    let all = figures(&app, &shop, json!({ "metrics": metrics, "time": time })).await;
    assert_eq!(all["totals"], json!([3, "0.333333", "0.666667", "0.500000", "1.000000"]), "{all}");
    let split = json!({ "metrics": ["sessions"], "dimensions": ["channel", "landing_page"], "time": time });
    let split = figures(&app, &shop, split).await;
    assert_eq!(split["rows"], json!([["direct", "/", 1], ["email", "/", 1], ["google", "/", 1]]), "{split}");
    for dimension in ["source", "campaign", "device", "country", "day", "hour"] {
        figures(&app, &shop, json!({ "metrics": ["sessions"], "dimensions": [dimension], "time": time })).await;
    }
    let theirs = figures(&app, &other, json!({ "metrics": ["sessions"], "time": time })).await;
    assert_eq!(theirs["totals"], json!([1]));
    assert_eq!(count(&shop, "select count(*) from visits"), 3);
    assert_eq!(count(&shop, "select sum(adds) from visits"), 2);
    assert_eq!(count(&shop, "select count(*) from visitors where customer_id is not null"), 1);
}

#[tokio::test]
async fn who_may_not_tell_is_not_heard() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    let body = told("eve", &[event("1", "page", -1, "/")]).to_string();
    let foreign = [
        vec![("origin", "https://evil.example"), ("user-agent", AGENT)],
        vec![("origin", "null"), ("user-agent", AGENT)],
        vec![("origin", "https://shop.example.evil.example"), ("user-agent", AGENT)],
        vec![("user-agent", AGENT)],
        vec![("x-pixel-secret", "pps_x")],
        vec![("x-pixel-secret", theirs.secret.as_str())],
        vec![("origin", ORIGIN), ("x-pixel-secret", theirs.secret.as_str())],
        vec![("origin", ORIGIN), ("origin", "https://evil.example"), ("user-agent", AGENT)],
    ];
    for headers in foreign {
        let answer = send(&app, &own.key, &headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?} {answer:?}");
    }
    let mut nobodys = own.key.clone();
    nobodys.replace_range(40.., "00000000");
    for key in [nobodys.as_str(), "x", &"0".repeat(48), &own.key.to_uppercase()] {
        let answer = send(&app, key, &[("origin", ORIGIN), ("user-agent", AGENT)], body.clone()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{key}");
    }
    // Machines and people who object are answered, and nothing is written.
    let silent = [
        vec![
            ("origin", ORIGIN),
            ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        ],
        vec![("origin", ORIGIN)],
        vec![("origin", ORIGIN), ("user-agent", AGENT), ("sec-gpc", "1")],
    ];
    for headers in silent {
        assert_eq!(send(&app, &own.key, &headers, body.clone()).await.status, StatusCode::NO_CONTENT, "{headers:?}");
    }
    app.app.pixel.written().await;
    assert_eq!(count(&shop, "select count(*) from visitors"), 0);
    // The shop's own server may, late; a site that is removed may not.
    let late = told("srv", &[event("1", "page", -3 * 24 * 60, "/")]).to_string();
    let secret = [("x-pixel-secret", own.secret.as_str())];
    assert_eq!(send(&app, &own.key, &secret, late.clone()).await.status, StatusCode::NO_CONTENT);
    app.app.pixel.written().await;
    assert_eq!((count(&shop, "select count(*) from visits"), count(&other, "select count(*) from visits")), (1, 0));
    let gone = format!("/api/brands/{}/sites/{}", other.brand.slug, own.key);
    let token = app.token(&other, Role::Owner);
    assert_eq!(app.ask(Method::DELETE, &gone, Some(&token), None).await.status, StatusCode::NOT_FOUND, "not theirs");
    let gone = format!("/api/brands/{}/sites/{}", shop.brand.slug, own.key);
    let token = app.token(&shop, Role::Owner);
    assert_eq!(app.ask(Method::DELETE, &gone, Some(&token), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(&app, &own.key, &secret, late).await.status, StatusCode::NOT_FOUND);
    let chain = app.app.tenants.verify_events(&shop.tenant).await.unwrap();
    assert_eq!(chain.fault, None);
}

#[tokio::test]
async fn nonsense_is_refused_and_what_is_hostile_is_cleaned() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let own = site(&app, &shop).await;
    let headers = [("origin", ORIGIN), ("user-agent", AGENT)];
    for (body, status) in [
        ("".to_owned(), 400),
        ("{".repeat(10_000), 400),
        ("[]".to_owned(), 422),
        (told("eve", &[json!({ "i": "1", "k": "hack", "t": 1 })]).to_string(), 422),
        (json!({ "v": "short", "e": [] }).to_string(), 422),
        ("x".repeat(33 * 1024), 413),
        ("x".repeat(64 * 1024 * 1024), 413),
    ] {
        let (start, size) = (body.chars().take(20).collect::<String>(), body.len());
        let answer = send(&app, &own.key, &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{start} {size}");
    }
    let campaign = format!("{}%00%0A%E2%80%AE>'\"; drop table touches;--", "x".repeat(1_000));
    let address =
        format!("/account/ann@shop.example?utm_source=EVE%40evil.example&utm_medium=a%3Eb&utm_campaign={campaign}");
    let future = [event("1", "page", 60 * 24 * 365, &address)];
    assert_eq!(page(&app, &own.key, &told("eve", &future)).await, StatusCode::NO_CONTENT);
    app.app.pixel.written().await;
    let touch = "select at_ms || '|' || coalesce(utm_source, '-') || '|' || utm_medium || '|' || length(utm_campaign) || '|' || landing_page from touches";
    let touch: String =
        shop.tenant.db().read_blocking(|conn| Ok(conn.query_row(touch, [], |row| row.get(0))?)).unwrap();
    assert_eq!(touch, format!("{}|-|a>b|150|/account/*", now().as_millisecond()));
    // Nothing of an address of the network or of the browser's id is anywhere in the store.
    let all = shop.tenant.db().read_blocking(|conn| {
        let mut all = String::new();
        for table in ["visitors", "visits", "touches", "visit_orders"] {
            let mut rows = conn.prepare(&format!("select * from {table}"))?;
            let columns = rows.column_count();
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                (0..columns).for_each(|at| all.push_str(&format!("{:?}\n", row.get_ref(at))));
            }
        }
        Ok(all)
    });
    let all = all.unwrap();
    assert!(!all.contains("203.0.113") && !all.contains("0123456789abcdef") && !all.contains("iPhone"), "{all}");
}

#[tokio::test]
async fn an_address_is_heard_so_often_whoever_it_says_to_be() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    let body = told("bot", &[event("1", "page", -1, "/")]).to_string();
    let from = |peer: &str, (name, value): (&str, &str)| {
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        let request = Request::post(format!("/px/{}", own.key)).header(name, value).header("user-agent", AGENT);
        let mut request = request.body(Body::from(body.clone())).unwrap();
        request.extensions_mut().insert(Peer(peer));
        request
    };
    // A page, and who only says to be the shop's server.
    let senders = [("origin", ORIGIN), ("x-pixel-secret", "guessed"), ("authorization", "Basic eDp5")];
    for (last, sender) in (10..).zip(senders) {
        let (peer, mut refused) = (format!("198.51.100.{last}:1"), 0);
        for _ in 0..700 {
            let answer = app.send(from(&peer, sender)).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(answer.headers.contains_key("retry-after"));
                refused += 1;
            }
        }
        assert!((1..=100).contains(&refused), "{sender:?}: {refused} of 700 in a moment, 600 a minute are heard");
    }
    assert_eq!(app.send(from("198.51.100.9:1", senders[0])).await.status, StatusCode::NO_CONTENT, "another address");
    assert_eq!(send(&app, &theirs.key, &senders[..1], body).await.status, StatusCode::NO_CONTENT, "the other tenant");
}

#[tokio::test]
async fn floods_are_bounded() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    // While the store is busy what comes waits, up to a bound; the other tenant does not notice.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let store = shop.tenant.clone();
    let busy_store = tokio::spawn(async move {
        let wait = move |_: &rusqlite::Transaction<'_>| {
            begun.send(()).unwrap();
            Ok(held.recv().is_ok())
        };
        store.db().write(wait).await
    });
    begins.await.unwrap();
    let secret = [("x-pixel-secret", own.secret.as_str())];
    let (mut taken, mut busy) = (0, 0);
    for message in 0..520 {
        let events: Vec<Value> = (0..50).map(|i| event(&format!("{message}-{i}"), "page", -1, "/")).collect();
        let answer = send(&app, &own.key, &secret, told(&format!("v{message:04}"), &events).to_string()).await;
        match answer.status {
            StatusCode::NO_CONTENT => taken += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(
                    (answer.code().as_str(), &answer.headers["retry-after"]),
                    ("pixel_busy", &"1".parse().unwrap())
                );
                busy += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(busy > 0 && taken >= 400, "{taken} taken, {busy} told to come again");
    assert_eq!(page(&app, &theirs.key, &told("ann", &[event("1", "page", -1, "/")])).await, StatusCode::NO_CONTENT);
    release.send(()).unwrap();
    assert!(busy_store.await.unwrap().unwrap());
    app.app.pixel.written().await;
    assert_eq!(count(&other, "select count(*) from visits"), 1);
    assert_eq!(count(&shop, "select sum(pages) from visits"), taken * 50, "all that was taken is there");
    let log = count(&shop, "select count(*) from change_log where detail = '{\"visits\":true}'");
    assert_eq!(log, 1, "the log does not grow with every fifth of a second");
}

#[tokio::test]
async fn rules_of_channels_are_read_and_written_over_http() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let own = site(&app, &shop).await;
    page(&app, &own.key, &told("ann", &[event("1", "page", -1, "/?utm_source=podcast")])).await;
    app.app.pixel.written().await;
    let path = format!("/api/brands/{}/channels", shop.brand.slug);
    let (owner, viewer) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Viewer));
    let usual = app.get(&path, &viewer).await.json();
    assert_eq!((&usual["own"], &usual["otherwise"]), (&json!(false), &json!("referral")));
    assert!(usual["rules"].as_array().unwrap().len() > 10);
    let time = json!({ "start": "2026-11-22", "end": "2026-11-23" });
    let query = json!({ "metrics": ["sessions"], "dimensions": ["channel"], "time": time });
    assert_eq!(figures(&app, &shop, query.clone()).await["rows"], json!([["referral", 1]]));
    let rules = json!({ "rules": [{ "channel": "audio", "source": ["Pod*"] }] });
    let put = app.ask(Method::PUT, &path, Some(&owner), Some(rules)).await;
    assert_eq!((put.status, put.json()["rules"][0]["source"][0].clone()), (StatusCode::OK, json!("pod*")), "{put:?}");
    assert_eq!(figures(&app, &shop, query.clone()).await["rows"], json!([["audio", 1]]));
    let wrong = json!({ "rules": [{ "channel": "audio" }] });
    let refused = app.ask(Method::PUT, &path, Some(&owner), Some(wrong)).await;
    assert_eq!((refused.status, refused.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("rules[0]")));
    let back = app.ask(Method::PUT, &path, Some(&owner), Some(json!({}))).await;
    assert_eq!(back.json()["own"], json!(false));
    assert_eq!(figures(&app, &shop, query).await["rows"], json!([["referral", 1]]));
}

#[tokio::test]
async fn the_script_is_for_every_page_and_small() {
    let app = TestApp::start().await;
    let answer = app.send(Request::get("/px.js").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.len() < 3_000);
    for (name, value) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cache-control", "public, max-age=3600"),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
    let tag = answer.headers["etag"].clone();
    let known = Request::get("/px.js").header("if-none-match", tag).body(Body::empty()).unwrap();
    assert_eq!(app.send(known).await.status, StatusCode::NOT_MODIFIED);
    let elsewhere = app.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(elsewhere.headers["cross-origin-resource-policy"], "same-origin");
}
