//! A shop's own server tells of visits by an API key; what is no message is refused whoever sends it; what was taken is written, though
//! the store could not be written to at first; and an address can be tried on rules. Two tenants each.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Permission, Role};
use pulsepoint::events;
use serde_json::{Map, Value, json};

use crate::access::key;
use crate::pixel::{count, event, ms, page, send, site, site_of, told};
use crate::support::app::{Answer, Shop, TestApp};
use crate::support::ask::Ask;
use crate::support::bad_json::{bad_values, bent, is_refusal, with_raw};

/// What the table of routes is asked with, of sites and of channels.
pub async fn ask(shop: &Shop, line: &str, unique: impl std::fmt::Display) -> Ask {
    let path = line.split(' ').nth(1).unwrap().replace("{brand}", &shop.brand.uid);
    match line.split_once("/api/brands/{brand}/").map_or("", |(_, rest)| rest) {
        "sites" => Ask::at(path).json(json!({ "name": "Shop", "origins": ["https://shop.example"] })).expecting(201),
        "sites/{id}" => Ask::at(path.replace("{id}", &site_of(shop).await)).expecting(204),
        "channels/try" => Ask::at(path).json(json!({ "address": "/" })),
        "channels" => Ask::at(path).json(json!({ "rules": [] })),
        // Who tells is a page or a shop's server, and no member: they are asked as in these tests.
        _ => Ask::at(format!("/px/{unique}")).json(json!({})).expecting(404),
    }
}

async fn with_key(app: &TestApp, site: &str, key: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    send(app, site, &[("authorization", bearer.as_str())], body.to_owned()).await
}

fn text(made: &Value) -> String {
    made["key"].as_str().unwrap().to_owned()
}

async fn visits(app: &TestApp, shop: &Shop) -> i64 {
    app.app.pixel.written().await;
    count(shop, "select count(*) from visits")
}

#[tokio::test]
async fn a_key_that_may_connect_tells_for_the_sites_of_its_brands_alone() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    let owner = app.token(&shop, Role::Owner);
    let second = json!({ "name": "Second", "currency": "USD", "timezone": "Europe/London" });
    let made = app.ask(Method::POST, "/api/brands", Some(&owner), Some(second)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let none = json!({});
    let connects = key(&app, &shop, &[Permission::Connect], &none).await;
    // Days late, as no page may be.
    let late = told("srv", &[event("1", "page", -3 * 24 * 60, "/")]).to_string();
    assert_eq!(with_key(&app, &own.key, &text(&connects), &late).await.status, StatusCode::NO_CONTENT);
    assert_eq!((visits(&app, &shop).await, visits(&app, &other).await), (1, 0));

    let rest: Vec<Permission> = Permission::ALL.into_iter().filter(|one| *one != Permission::Connect).collect();
    let without = text(&key(&app, &shop, &rest, &none).await);
    let elsewhere = text(&key(&app, &shop, &Permission::ALL, &json!({ "brands": ["second"] })).await);
    let foreign = text(&key(&app, &other, &Permission::ALL, &none).await);
    let revoked = key(&app, &shop, &Permission::ALL, &none).await;
    let gone = format!("/api/keys/{}", revoked["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::DELETE, &gone, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    let again = told("srv", &[event("2", "page", -60, "/")]).to_string();
    for (bad, status, what) in [
        (without.as_str(), StatusCode::FORBIDDEN, "without the permission"),
        (elsewhere.as_str(), StatusCode::NOT_FOUND, "of another brand"),
        (foreign.as_str(), StatusCode::NOT_FOUND, "of another tenant"),
        (&text(&revoked), StatusCode::UNAUTHORIZED, "revoked"),
        ("pp_live_nothing", StatusCode::UNAUTHORIZED, "no key"),
        (&own.secret, StatusCode::UNAUTHORIZED, "a secret is no key"),
    ] {
        let answer = with_key(&app, &own.key, bad, &again).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    assert_eq!(with_key(&app, &theirs.key, &text(&connects), &again).await.status, StatusCode::NOT_FOUND);
    let bearer = format!("Bearer {}", text(&connects));
    for second in
        [("origin", "https://shop.example"), ("x-pixel-secret", own.secret.as_str()), ("authorization", &bearer)]
    {
        let answer = send(&app, &own.key, &[("authorization", &bearer), second], again.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "one way at a time: {second:?}");
    }
    assert_eq!((visits(&app, &shop).await, visits(&app, &other).await), (1, 0));
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 1_000)).await.unwrap();
    assert!(denied.iter().any(|event| event.kind == "access.denied"), "a key that may not is told of");
}

#[tokio::test]
async fn what_is_no_json_is_no_message_and_the_next_one_is_heard() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    let of = |value: Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    let sound_event =
        of(json!({ "i": "1", "k": "page", "t": ms(-1), "u": "https://shop.example/", "r": "https://a.example",
        "o": "1", "n": "#1" }));
    let sound = told("ann", &[Value::Object(sound_event.clone())]);
    let mut bodies = bent(sound.to_string().as_bytes());
    for raw in bad_values() {
        bodies.extend(["v", "s", "e"].map(|field| with_raw(&of(sound.clone()), field, &raw)));
        for field in sound_event.keys() {
            let events = [b"[".as_slice(), &with_raw(&sound_event, field, &raw), b"]"].concat();
            bodies.push(with_raw(&of(sound.clone()), "e", &events));
        }
    }
    assert!(bodies.len() > 1_000, "{}", bodies.len());
    let secret = [("x-pixel-secret", own.secret.as_str())];
    for body in bodies {
        let what = String::from_utf8_lossy(&body[..body.len().min(160)]).into_owned();
        is_refusal(&send(&app, &own.key, &secret, body).await, &what);
    }
    assert_eq!(visits(&app, &shop).await, 0);
    for (site, at) in [(&own, &shop), (&theirs, &other)] {
        assert_eq!(page(&app, &site.key, &sound).await, StatusCode::NO_CONTENT);
        assert_eq!(visits(&app, at).await, 1);
    }
}

#[tokio::test]
async fn what_was_taken_is_written_though_the_store_was_full_at_first() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (own, theirs) = (site(&app, &shop).await, site(&app, &other).await);
    let full = "create trigger full before insert on visits begin select raise(abort, 'disk is full'); end";
    shop.tenant.db().write(move |tx| Ok(tx.execute_batch(full)?)).await.unwrap();
    let events: Vec<Value> = (0..3).map(|n| event(&n.to_string(), "page", -1, "/")).collect();
    for site in [&own, &theirs] {
        assert_eq!(page(&app, &site.key, &told("ann", &events)).await, StatusCode::NO_CONTENT);
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    let pages = "select coalesce(sum(pages), 0) from visits";
    assert_eq!((count(&shop, pages), count(&other, pages)), (0, 3), "the other tenant does not wait");
    assert_eq!(page(&app, &own.key, &told("bob", &events)).await, StatusCode::NO_CONTENT, "nor does a page");
    shop.tenant.db().write(|tx| Ok(tx.execute_batch("drop trigger full")?)).await.unwrap();
    app.app.pixel.written().await;
    assert_eq!((count(&shop, pages), count(&shop, "select count(*) from visitors")), (6, 2));
}

#[tokio::test]
async fn an_address_is_tried_on_the_rules_there_are_and_on_those_that_may_be() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let path = format!("/api/brands/{}/channels", shop.brand.slug);
    let (owner, viewer) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Viewer));
    let ask = async |body: Value| app.ask(Method::POST, &format!("{path}/try"), Some(&viewer), Some(body)).await;
    let word = async |body: Value| {
        let told = ask(body).await;
        assert_eq!(told.status, StatusCode::OK, "{told:?}");
        let told = told.json();
        format!("{} {} {}", told["channel"].as_str().unwrap(), told["by"].as_str().unwrap(), told["rule"])
    };
    let own = json!([{ "channel": "audio", "source": ["Pod*"] }, { "channel": "shops", "referrer": ["blog.example"] }]);
    for (body, expected) in [
        (json!({ "address": "https://shop.example/" }), "direct direct null"),
        (json!({ "address": "https://shop.example/?utm_source=podcast" }), "referral otherwise null"),
        (json!({ "address": "shop.example/?fbclid=1", "referrer": "" }), "meta rule 8"),
        (json!({ "address": "/?utm_source=podcast", "rules": own }), "audio rule 0"),
        (json!({ "address": "/", "referrer": "a.blog.example", "rules": own }), "shops rule 1"),
        (json!({ "address": "/?gclid=1", "rules": own, "otherwise": "rest" }), "rest otherwise null"),
        (json!({ "address": "/?gclid=1", "rules": [] }), "referral otherwise null"),
    ] {
        assert_eq!(word(body.clone()).await, expected, "{body}");
    }
    // It says what a visit would be kept as, and nothing that may name a person.
    let address = "https://shop.example/account/ann@shop.example?utm_source=X&utm_campaign=ann@shop.example";
    let told = ask(json!({ "address": address, "referrer": "https://mail.example/?q=ann" })).await;
    let kept = told.json();
    assert_eq!(
        (&kept["source"], &kept["campaign"], &kept["referrer"]),
        (&json!("x"), &Value::Null, &json!("mail.example"))
    );
    assert!(!String::from_utf8_lossy(&told.body).contains("ann@"), "{told:?}");
    for (wrong, field) in [
        (json!({ "address": " " }), "address"),
        (json!({ "address": "javascript://x" }), "address"),
        (json!({ "address": "/", "referrer": "http://[" }), "referrer"),
        (json!({ "address": "/", "rules": [{ "channel": "audio" }] }), "rules[0]"),
        (json!({ "address": "/", "rules": [{ "channel": "A B", "source": ["x"] }] }), "rules[0].channel"),
    ] {
        let refused = ask(wrong).await;
        assert_eq!((refused.status, refused.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
    }
    // What was tried is not kept; what is kept is tried, in this tenant alone.
    assert_eq!(app.get(&path, &viewer).await.json()["own"], json!(false));
    let put = app.ask(Method::PUT, &path, Some(&owner), Some(json!({ "rules": own }))).await;
    assert_eq!(put.status, StatusCode::OK, "{put:?}");
    let podcast = json!({ "address": "/?utm_source=podcast" });
    assert_eq!(word(podcast.clone()).await, "audio rule 0");
    let theirs = format!("/api/brands/{}/channels/try", other.brand.slug);
    let told = app.ask(Method::POST, &theirs, Some(&app.token(&other, Role::Viewer)), Some(podcast.clone())).await;
    assert_eq!(told.json()["by"], "otherwise");
    assert_eq!(app.ask(Method::POST, &theirs, Some(&viewer), Some(podcast)).await.status, StatusCode::NOT_FOUND);
}
