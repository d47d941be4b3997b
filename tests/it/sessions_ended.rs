//! How long a session lasts: thirty days from its sign-in, and less where nobody uses it. The clock is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use pulsepoint::auth::Role;
use pulsepoint::clock::Clock;
use pulsepoint::http::{PerMinute, Settings};

use crate::support::app::{Answer, PASSWORD, Shop, TestApp, now};

const HOUR_MS: i64 = 3600 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A Pulsepoint whose sessions may lie idle for so many hours, and its clock.
async fn start(session_idle_hours: u32) -> (TestApp, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(now().as_millisecond()));
    let read = time.clone();
    let clock = Clock::driven(move || {
        let ms = read.load(Ordering::SeqCst);
        (Timestamp::from_millisecond(ms).unwrap(), Duration::from_millis(ms.unsigned_abs()))
    });
    let rate_limit_per_minute = PerMinute::Of(0);
    (TestApp::at(Settings { session_idle_hours, rate_limit_per_minute, ..Settings::default() }, clock).await, time)
}

async fn refresh(app: &TestApp, cookie: &str) -> Answer {
    let asked = Request::post("/api/auth/refresh").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    app.send(asked).await
}

async fn sessions(app: &TestApp, shop: &Shop) -> usize {
    let list = app.get("/api/auth/sessions", &app.token(shop, Role::Owner)).await.json();
    list["sessions"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_much_it_is_used() {
    for idle in [168, 0] {
        let (app, time) = start(idle).await;
        let (shop, other) = (app.shop("acme").await, app.shop("other").await);
        let mut cookie = app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie();
        let pass = |ms: i64| time.fetch_add(ms, Ordering::SeqCst);
        for day in 1..=4 {
            pass(6 * DAY_MS);
            let went_on = refresh(&app, &cookie).await;
            assert_eq!(went_on.status, StatusCode::OK, "day {}", day * 6);
            cookie = went_on.cookie();
        }
        let theirs = app.login(&other.person(Role::Owner).email, PASSWORD).await.cookie();
        pass(6 * DAY_MS - 1);
        let last = refresh(&app, &cookie).await;
        assert_eq!(last.status, StatusCode::OK, "the last moment of its thirty days");
        pass(1);
        assert_eq!(refresh(&app, &last.cookie()).await.status, StatusCode::UNAUTHORIZED, "thirty days are over");
        assert_eq!((sessions(&app, &shop).await, sessions(&app, &other).await), (0, 1));
        assert_eq!(refresh(&app, &theirs).await.status, StatusCode::OK, "another's began later");
    }
}

#[tokio::test]
async fn a_session_that_lies_idle_ends_before() {
    let (app, time) = start(24).await;
    let (shop, other) = (app.shop("acme").await, app.shop("other").await);
    let mut used = app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie();
    let left = app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie();
    let theirs = app.login(&other.person(Role::Owner).email, PASSWORD).await.cookie();
    assert_eq!(sessions(&app, &shop).await, 2);
    time.fetch_add(24 * HOUR_MS - 1, Ordering::SeqCst);
    used = refresh(&app, &used).await.cookie();
    time.fetch_add(1, Ordering::SeqCst);
    for cookie in [&left, &theirs] {
        let refused = refresh(&app, cookie).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in_required"));
    }
    assert_eq!((sessions(&app, &shop).await, sessions(&app, &other).await), (1, 0), "an ended one is in no list");
    assert_eq!(refresh(&app, &used).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_setting_a_session_may_lie_idle_to_its_end() {
    let (app, time) = start(0).await;
    let (shop, other) = (app.shop("acme").await, app.shop("other").await);
    let cookies = [
        app.login(&shop.person(Role::Owner).email, PASSWORD).await.cookie(),
        app.login(&other.person(Role::Owner).email, PASSWORD).await.cookie(),
    ];
    time.fetch_add(30 * DAY_MS - 1, Ordering::SeqCst);
    for cookie in cookies {
        assert_eq!(refresh(&app, &cookie).await.status, StatusCode::OK);
    }
}
