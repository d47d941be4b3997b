//! Backups that nobody types: begun over HTTP, and the daily run with what it keeps.

use std::path::Path;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::events::{self, Entry};
use serde_json::Value;

use crate::backup::stocked;
use crate::support::app::TestApp;
use crate::support::store::Place;

#[tokio::test]
async fn an_operator_begins_one_over_http_and_sees_it_listed() {
    let app = TestApp::start().await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, app.shop("northwind-demo").await);
    let token = app.token(&shop, Role::Operator);
    let empty = app.get("/api/backups", &token).await.json();
    assert_eq!((&empty["backups"], &empty["sealed_for"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(empty["overdue"], true);
    let daily = serde_json::json!({ "hour": 2, "keep_daily": 7, "keep_weekly": 3, "keep_monthly": 0 });
    assert_eq!(empty["schedule"], daily);
    let begun = app.ask(Method::POST, "/api/backups", Some(&token), None).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED);
    let listed = loop {
        let listed = app.get("/api/backups", &token).await.json();
        if listed["running"] == false {
            break listed;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&listed["last_failure"], &listed["identity_on_machine"]), (&Value::Null, &Value::Bool(true)));
    assert!(listed["sealed_for"].as_str().unwrap().starts_with("age1"));
    assert_eq!(listed["overdue"], false);
    assert_eq!(listed["backups"][0]["verified_at"], Value::Null, "one that is asked for is not rehearsed");
    let made = app.app.backups.list(shop.tenant.id(), None).await.unwrap().remove(0);
    let file = Path::new(listed["backups"][0]["file"].as_str().unwrap());
    assert_eq!(
        app.folder().join("backups").join(file),
        made.path,
        "a name within the folder, and nothing of the machine"
    );
    assert!(file.is_relative());
    let id = listed["backups"][0]["id"].clone();
    let at = app.app.clock.system_time();
    let found = move |tx: &rusqlite::Transaction<'_>| {
        let data = serde_json::json!({ "archive": id, "sound": false, "reason": "row 7 of orders differs" });
        let entry = Entry { kind: "backup.verified", actor: "system", subject: None, request_id: None, ip: None, data };
        events::append(tx, at, &entry)
    };
    shop.tenant.db().write(found).await.unwrap();
    let tested = app.get("/api/backups", &token).await.json()["backups"][0].clone();
    assert_eq!(tested["verify_failure"], "row 7 of orders differs");
    let told: jiff::Timestamp = tested["verified_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(told.as_millisecond(), at.as_millisecond());
    // An old one is no reason to be calm, and neither is one of years to come: the clock was wrong then.
    for old in ["20260101T020000.000Z", "20290101T020000.000Z"] {
        std::fs::rename(&made.path, made.path.with_file_name(format!("{old}.backup.age"))).unwrap();
        assert_eq!(app.get("/api/backups", &token).await.json()["overdue"], true, "{old}");
        std::fs::rename(made.path.with_file_name(format!("{old}.backup.age")), &made.path).unwrap();
    }
    let others = app.get("/api/backups", &app.token(&other, Role::Owner)).await.json();
    assert_eq!(others["backups"], serde_json::json!([]));
    let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1000)).unwrap();
    let told: Vec<_> = told.iter().filter(|event| event.kind == "backup.made").collect();
    assert_eq!((told.len(), told[0].actor.as_str()), (1, format!("user:{}", shop.person(Role::Operator).id).as_str()));
}

#[tokio::test]
async fn the_daily_run_makes_one_a_day_thins_out_and_goes_on_past_a_broken_tenant() {
    the_daily_run_makes_one_and_thins_out(&Place::folder()).await;
}

#[tokio::test]
async fn the_daily_run_does_so_in_a_store() {
    the_daily_run_makes_one_and_thins_out(&Place::store()).await;
}

async fn the_daily_run_makes_one_and_thins_out(place: &Place) {
    let app = TestApp::backing_up_to(place).await;
    let (shop, broken) = (stocked(&app, "juniper-oak").await, app.shop("broken").await);
    let yesterday = "update tenants set created_at_ms = created_at_ms - 2 * 86400000";
    app.app.tenants.control().write_blocking(|tx| Ok(tx.execute(yesterday, [])?)).unwrap();
    std::fs::write(broken.tenant.db().path(), b"").unwrap();
    broken.tenant.db().retire("as if it had shown");
    let backups = &app.app.backups;
    for _ in 0..3 {
        assert!(backups.run_daily(|| false).await.is_err(), "one tenant cannot be backed up");
    }
    let made = backups.list(shop.tenant.id(), None).await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(backups.list_of_instance(None).await.unwrap().len(), 1);
    assert!(backups.list(broken.tenant.id(), None).await.unwrap().is_empty());
    let told = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    assert_eq!(told.iter().filter(|event| event.kind == "backup.failed").count(), 1, "told once, not at every try");
    let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1000)).unwrap();
    let rehearsed: Vec<_> = told.iter().filter(|event| event.kind == "backup.verified").collect();
    assert_eq!((rehearsed.len(), &rehearsed[0].data["sound"]), (1, &Value::Bool(true)));
    let listed = app.get("/api/backups", &app.token(&shop, Role::Operator)).await.json();
    let newest = &listed["backups"][0];
    assert!(newest["verified_at"].is_string() && newest["verify_failure"].is_null(), "{listed}");
    // Thirty older ones, of thirty days: what no rule keeps goes at the next run.
    let file = place.disk.join(&made[0].name);
    let folder = file.parent().unwrap();
    for day in 1..=30 {
        std::fs::copy(&file, folder.join(format!("202601{day:02}T020000.000Z.backup.age"))).unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    assert!(backups.run_daily(|| false).await.is_err());
    let left = backups.list(shop.tenant.id(), None).await.unwrap();
    let mut days: Vec<String> = left.iter().map(|archive| archive.at.to_string()[..10].to_owned()).collect();
    assert_ne!(days.remove(0), "2026-01-30", "today's");
    assert_eq!(days, ["2026-01-30", "2026-01-29", "2026-01-28", "2026-01-27", "2026-01-26", "2026-01-25"]);
    // A tenant that was deleted: its archives go when they are old, the newest as well.
    app.app.tenants.delete(shop.tenant.id()).await.unwrap();
    let _ = backups.run_daily(|| false).await;
    let left = backups.list(shop.tenant.id(), None).await.unwrap();
    assert_eq!(left.len(), 1, "only today's is young enough: {left:?}");
}
