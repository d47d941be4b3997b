//! Tenants that are closed: suspended and resumed, marked for deletion and restored, destroyed when their time is over; with
//! another tenant beside them that must not notice.

use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use pulsepoint::auth::{Author, Role};
use pulsepoint::db::Db;
use pulsepoint::error::Error;
use pulsepoint::tenants::{Standing, TIME_TO_UNDO, Tenant, Tenants};
use pulsepoint::{events, imports};
use serde_json::json;

use crate::support::app::{PASSWORD, Shop, TestApp, operator};
use crate::support::binary::Home;
use crate::support::stores::start;

fn kinds(db: &Db) -> Vec<String> {
    let all = db.read_blocking(|conn| events::read_from(conn, "test", 10_000)).unwrap();
    all.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("tenant.")).collect()
}

async fn key_of(app: &TestApp, shop: &Shop) -> String {
    let body = json!({ "name": "A program", "permissions": ["view"] });
    let made = app.ask(Method::POST, "/api/keys", Some(&app.token(shop, Role::Owner)), Some(body)).await;
    made.json()["key"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned()
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_by_every_door_and_opens_again() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("other").await);
    let (owner, stranger) = (app.token(&shop, Role::Owner), app.token(&other, Role::Owner));
    let key = key_of(&app, &shop).await;
    let email = &shop.people[0].email;
    let cookie = app.login(email, PASSWORD).await.cookie();
    let held = shop.tenant.closing();
    assert!(app.app.tenants.suspend(shop.tenant.id(), operator()).await.unwrap());
    assert!(!app.app.tenants.suspend(shop.tenant.id(), operator()).await.unwrap(), "it was suspended already");
    held.await;

    let refresh = axum::http::Request::builder().method(Method::POST).uri("/api/auth/refresh");
    let refresh = refresh.header("cookie", &cookie).body(axum::body::Body::empty()).unwrap();
    let refused = [
        app.get("/api/auth/me", &owner).await,
        app.get("/api/brands", &key).await,
        app.get(&format!("/api/brands/{}/imports", shop.brand.uid), &owner).await,
        app.login(email, PASSWORD).await,
        app.send(refresh).await,
    ];
    for answer in refused {
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "tenant_suspended"), "{answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("suspended"), "{answer:?}");
    }
    let wrong = app.login(email, "not the password").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong_credentials"));
    assert_eq!(app.get("/api/auth/me", &stranger).await.status, StatusCode::OK, "another tenant noticed");
    assert!(matches!(app.app.tenants.by_slug("acme").await, Err(Error::Closed { .. })), "commands go on");

    assert!(app.app.tenants.resume(shop.tenant.id(), operator()).await.unwrap());
    assert!(!app.app.tenants.resume(shop.tenant.id(), operator()).await.unwrap());
    assert!(!shop.tenant.is_closed());
    assert_eq!(app.get("/api/auth/me", &owner).await.status, StatusCode::OK, "a token outlives a suspension");
    assert_eq!(app.get("/api/brands", &key).await.status, StatusCode::OK);
    assert_eq!(kinds(shop.tenant.db()), ["tenant.suspended", "tenant.resumed"]);
    let control = kinds(app.app.tenants.control());
    assert_eq!(control, ["tenant.created", "tenant.created", "tenant.suspended", "tenant.resumed"]);
    assert_eq!(kinds(other.tenant.db()), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_imported_into_a_suspended_tenant() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let file = include_bytes!("../fixtures/imports/shopify_orders.csv");
    let import = |by: &str| {
        let (options, by) = (imports::Options::default(), Author::without_request(by));
        app.app.imports.run_file((&shop.tenant, &shop.brand), options, by, &file[..], |_| {})
    };
    let orders = || {
        shop.tenant
            .db()
            .read_blocking(|conn| Ok(conn.query_row("select count(*) from orders", [], |row| row.get::<_, i64>(0))?))
            .unwrap()
    };
    app.app.tenants.suspend(shop.tenant.id(), operator()).await.unwrap();
    // Whoever had the tenant in hand already, as an upload that was coming when it was closed.
    let refused = import("late").await.err();
    assert!(matches!(refused, Some(Error::Unavailable { code: "import_interrupted", .. })), "{refused:?}");
    assert_eq!(orders(), 0);
    app.app.tenants.resume(shop.tenant.id(), operator()).await.unwrap();
    import("again").await.unwrap();
    assert!(orders() > 0);
}

#[tokio::test]
async fn a_suspension_outlives_a_restart_and_keeps_the_data() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("acme", "Acme").await.unwrap();
    let id = tenant.id().clone();
    tenants.suspend(&id, operator()).await.unwrap();
    drop(tenant);
    tenants.close_all().await.unwrap();
    drop(tenants);
    let tenants = start(data.path());
    assert!(matches!(tenants.open(&id).await, Err(Error::Closed { code: "tenant_suspended", .. })));
    assert_eq!(tenants.list().await.unwrap()[0].standing, Standing::Suspended);
    let kept = tenants.open_even_closed(&id).await.unwrap();
    assert!(kept.is_closed(), "one that opens closed does not know it");
    assert_eq!(kinds(kept.db()), ["tenant.suspended"]);
    tenants.resume(&id, operator()).await.unwrap();
    assert!(!kept.is_closed());
    tenants.open(&id).await.unwrap();
}

async fn two(tenants: &Tenants) -> (Tenant, Tenant) {
    (tenants.create("gone", "Gone").await.unwrap(), tenants.create("stays", "Stays").await.unwrap())
}

fn folders(data: &std::path::Path) -> usize {
    std::fs::read_dir(data.join("tenants")).unwrap().count()
}

#[tokio::test]
async fn a_deletion_can_be_undone_for_seven_days_and_not_after() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (gone, stays) = two(&tenants).await;
    tenants.register_email("a@gone.example", gone.id()).await.unwrap();
    let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
    let (last, over) = (now + TIME_TO_UNDO - SignedDuration::from_secs(1), now + TIME_TO_UNDO);
    assert!(tenants.plan_deletion(gone.id(), now, operator()).await.unwrap());
    assert!(!tenants.plan_deletion(gone.id(), last, operator()).await.unwrap(), "the date moved");
    assert!(matches!(tenants.open(gone.id()).await, Err(Error::Closed { code: "tenant_deleted", .. })));
    assert!(gone.is_closed());
    assert!(matches!(tenants.create("gone", "Again").await, Err(Error::Conflict { .. })), "its slug is kept for it");
    assert_eq!(tenants.delete_due(last).await.unwrap(), Vec::<String>::new());
    assert!(tenants.undelete(gone.id(), last, operator()).await.unwrap());
    assert!(!tenants.undelete(gone.id(), last, operator()).await.unwrap());
    assert_eq!(tenants.delete_due(over).await.unwrap(), Vec::<String>::new(), "it was restored");
    tenants.open(gone.id()).await.unwrap();

    tenants.plan_deletion(gone.id(), now, operator()).await.unwrap();
    let late = tenants.undelete(gone.id(), over, operator()).await;
    assert!(matches!(late, Err(Error::Conflict { code: "too_late", .. })), "{late:?}");
    assert_eq!(tenants.delete_due(over).await.unwrap(), ["gone"]);
    assert!(matches!(tenants.open_even_closed(gone.id()).await, Err(Error::NotFound)));
    assert_eq!(tenants.by_email("a@gone.example").await.unwrap(), None);
    assert_eq!((folders(data.path()), tenants.list().await.unwrap().len()), (1, 1));
    gone.db().read(|_| Ok(())).await.expect_err("its holder can still read");
    tenants.open(stays.id()).await.unwrap();
    let control = kinds(tenants.control());
    let planned = ["tenant.deletion_planned", "tenant.restored", "tenant.deletion_planned", "tenant.deleted"];
    assert_eq!(control[2..], planned);
}

#[tokio::test]
async fn what_a_kill_leaves_of_a_deletion_is_finished_by_the_next_start() {
    // The steps of `lifecycle::delete`, each the last one before a kill: the key, then the folder, then the row.
    for folder_gone in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let tenants = start(data.path());
        let (gone, stays) = two(&tenants).await;
        let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
        tenants.plan_deletion(gone.id(), now, operator()).await.unwrap();
        let id = gone.id().clone();
        let (of, folder) = (id.clone(), data.path().join("tenants").join(id.as_str()));
        tenants
            .control()
            .write(move |tx| {
                let sql = "update tenants set state = 'deleting', slug = id,
                           wrapped_key = zeroblob(length(wrapped_key)) where id = ?1";
                Ok(tx.execute(sql, [of.as_str()])?)
            })
            .await
            .unwrap();
        drop((gone, stays));
        tenants.close_all().await.unwrap();
        drop(tenants);
        if folder_gone {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let tenants = start(data.path());
        assert!(!folder.exists(), "folder gone before: {folder_gone}");
        let left: Vec<String> = tenants.list().await.unwrap().into_iter().map(|info| info.slug).collect();
        assert_eq!(left, ["stays"]);
        assert!(
            matches!(tenants.undelete(&id, now, operator()).await, Err(Error::NotFound)),
            "its key is gone: nothing to restore"
        );
        tenants.by_slug("stays").await.unwrap();
    }
}

#[tokio::test]
async fn commands_close_and_open_a_tenant_with_a_server_and_without() {
    for served in [false, true] {
        let home = Home::new();
        home.run(&["tenant", "add", "acme"]).ok();
        let _server = served.then(|| home.serve(&[]));
        let said = home.run(&["tenant", "suspend", "acme", "--json"]).ok().json();
        assert_eq!((&said["state"], &said["changed"]), (&json!("suspended"), &json!(true)), "served: {served}");
        assert_eq!(home.run(&["tenant", "suspend", "acme", "--json"]).ok().json()["changed"], false);
        assert!(home.run(&["tenant", "list"]).ok().out.contains("suspended"));
        assert!(home.run(&["brand", "list", "--tenant", "acme"]).failed(1).contains("suspended"));
        home.run(&["tenant", "resume", "acme"]).ok();
        home.run(&["brand", "list", "--tenant", "acme"]).ok();
        let said = home.run(&["tenant", "delete", "acme", "--json"]).ok().json();
        assert_eq!(said["state"], "deleting");
        assert!(said["delete_after_ms"].as_i64().unwrap() > 0);
        assert!(home.run(&["tenant", "list"]).ok().out.contains("will be deleted after"));
        assert!(home.run(&["brand", "list", "--tenant", "acme"]).failed(1).contains("restore"));
        home.run(&["tenant", "restore", "acme"]).ok();
        home.run(&["brand", "list", "--tenant", "acme"]).ok();
        assert!(home.run(&["tenant", "suspend", "nobody"]).failed(1).contains("tenant list"));
        home.run(&["tenant", "delete", "acme", "--now", "--yes"]).ok();
        assert_eq!(home.run(&["tenant", "list", "--json"]).ok().json()["tenants"], json!([]));
    }
}
