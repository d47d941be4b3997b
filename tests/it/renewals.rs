//! A session is renewed with every page that is loaded: the log tells of it once a day and at every other address, and counts the rest.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::events;
use pulsepoint::http::Peer;

use crate::support::app::{PASSWORD, Shop, TestApp};

/// Renews the session of a cookie from an address; the next cookie.
async fn renewed(app: &TestApp, cookie: &str, from: &str) -> String {
    let request = Request::builder().method(Method::POST).uri("/api/auth/refresh").header(header::COOKIE, cookie);
    let mut request = request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer(from.parse::<SocketAddr>().unwrap()));
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.cookie()
}

/// Of the renewals that the log tells of: how many were not told before each.
fn told(shop: &Shop) -> Vec<i64> {
    let all = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 10_000)).unwrap();
    let renewals = all.into_iter().filter(|event| event.kind == "session.refreshed");
    renewals.map(|event| event.data["untold_before"].as_i64().unwrap()).collect()
}

/// As if the renewal that was told last had been so many hours earlier.
fn later(shop: &Shop, hours: i64) {
    let sql = "update sessions set renewal_told_ms = renewal_told_ms - ?1 * 3600000";
    shop.tenant.db().write_blocking(|tx| Ok(tx.execute(sql, [hours])?)).unwrap();
}

#[tokio::test]
async fn renewals_are_told_once_a_day_and_address_and_counted() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let home = "203.0.113.7:40000";
    let mut cookie = app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie();
    let mut theirs = app.login(&other.person(Role::Owner).email, PASSWORD).await.cookie();
    for _ in 0..30 {
        cookie = renewed(&app, &cookie, home).await;
    }
    assert_eq!(told(&shop), [0], "thirty pages are one entry");
    theirs = renewed(&app, &theirs, home).await;
    assert_eq!((told(&shop), told(&other)), (vec![0], vec![0]), "another's session is another's");
    // Another address is told at once, and the way back is, too.
    cookie = renewed(&app, &cookie, "198.51.100.9:1").await;
    cookie = renewed(&app, &cookie, home).await;
    assert_eq!(told(&shop), [0, 29, 0]);
    later(&shop, 23);
    cookie = renewed(&app, &cookie, home).await;
    assert_eq!(told(&shop).len(), 3, "not yet");
    later(&shop, 1);
    cookie = renewed(&app, &cookie, home).await;
    assert_eq!(told(&shop), [0, 29, 0, 1]);
    // What is told at once whenever it happens: a second session, a token that comes back, the end.
    let second = app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie();
    renewed(&app, &second, home).await;
    assert_eq!(told(&shop), [0, 29, 0, 1, 0]);
    let request = Request::builder().method(Method::POST).uri("/api/auth/refresh").header(header::COOKIE, &second);
    let request = request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, StatusCode::UNAUTHORIZED);
    let all = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 10_000)).unwrap();
    assert!(all.iter().any(|event| event.kind == "session.reused"));
    // Its person sees when and from where each was last seen, told or not.
    let token = app.token(&shop, Role::Owner);
    let seen = app.get("/api/auth/sessions", &token).await.json();
    assert!(seen["sessions"].as_array().unwrap().iter().all(|session| session["ip"] == "203.0.113.7"), "{seen}");
    drop((cookie, theirs));
}
