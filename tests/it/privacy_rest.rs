//! What is kept how long, under a clock that the test sets; customers at the command line; and six canaries that must lie nowhere.

use std::path::{Path, PathBuf};

use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use pulsepoint::auth::Role;
use pulsepoint::events;
use pulsepoint::privacy::Settings;
use rusqlite::params;
use serde_json::{Value, json};

use crate::backup::{by, made};
use crate::imports::{self, number};
use crate::privacy::{ADDRESS, ID, canary_in, figures, orders_file, planted, post, shopify_file};
use crate::support::app::{PASSWORD, Shop, TestApp, now, operator};
use crate::support::binary::Home;

fn after(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

/// Dates everything that is there as of the test's clock, and adds an import that still runs.
async fn dated(shop: &Shop) {
    let (at, brand) = (now().as_millisecond(), shop.brand.id);
    let write = move |tx: &rusqlite::Transaction<'_>| {
        tx.execute("update imports set created_at_ms = ?1, finished_at_ms = ?1", [at])?;
        tx.execute("update sessions set expires_at_ms = ?1", [at])?;
        tx.execute("update refresh_tokens set expires_at_ms = ?1", [at])?;
        tx.execute("update links set expires_at_ms = ?1", [at])?;
        tx.execute(
            "insert into imports (id, brand_id, file_name, format, state, started_by, created_at_ms)
             values ('running', ?1, 'x', 'orders', 'running', 'test', ?2)",
            params![brand, at],
        )?;
        tx.execute("insert into import_rejects values ('running', 1, 'why', 'row')", [])?;
        Ok(())
    };
    shop.tenant.db().write(write).await.unwrap();
}

const COUNTS: [&str; 5] = [
    "select count(*) from import_rejects",
    "select count(*) from imports",
    "select count(*) from sessions",
    "select count(*) from refresh_tokens",
    "select count(*) from links",
];

async fn counts(shop: &Shop) -> [i64; 5] {
    let mut all = [0; 5];
    for (count, sql) in all.iter_mut().zip(COUNTS) {
        *count = number(&shop.tenant, sql).await;
    }
    all
}

#[tokio::test]
async fn each_kind_is_kept_as_long_as_its_rule_says_and_figures_do_not_notice() {
    let app = TestApp::start().await;
    let (shop, suspended) = (planted(&app, "acme").await, planted(&app, "suspended").await);
    let before = figures(&app, &shop).await;
    for shop in [&shop, &suspended] {
        assert_eq!(app.login(&shop.people[0].email, PASSWORD).await.status, StatusCode::OK);
        let body = json!({ "email": format!("new@{}.example", shop.tenant.slug()), "role": "viewer" });
        let token = app.token(shop, Role::Owner);
        app.ask(Method::POST, "/api/users/invitations", Some(&token), Some(body)).await;
        dated(shop).await;
        assert_eq!(counts(shop).await, [5, 3, 1, 1, 1]);
    }
    app.app.tenants.suspend(suspended.tenant.id(), operator()).await.unwrap();
    let rules = Settings { rejected_rows_days: 30, imports_days: 365, sessions_days: 10, visits_days: 760 };
    let privacy = app.app.privacy.with_retention(rules);
    for (day, left) in [
        (9, [5, 3, 1, 1, 1]),
        (10, [5, 3, 0, 0, 0]),
        (30, [5, 3, 0, 0, 0]),
        (31, [1, 3, 0, 0, 0]),
        (365, [1, 3, 0, 0, 0]),
        (366, [1, 1, 0, 0, 0]),
        (40_000, [1, 1, 0, 0, 0]),
    ] {
        privacy.run_daily(after(day), || false).await.unwrap();
        for shop in [&shop, &suspended] {
            assert_eq!(counts(shop).await, left, "day {day}; what still runs stays");
        }
    }
    assert!(figures(&app, &shop).await == before, "a figure has changed");
    let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1_000)).unwrap();
    let told: Vec<&Value> = told.iter().filter(|e| e.kind == "retention.applied").map(|e| &e.data).collect();
    assert_eq!(
        told,
        [
            &json!({ "sign_ins": 2, "rejected_rows": 0, "imports": 0, "visits": 0 }),
            &json!({ "sign_ins": 0, "rejected_rows": 4, "imports": 0, "visits": 0 }),
            &json!({ "sign_ins": 0, "rejected_rows": 0, "imports": 2, "visits": 0 }),
        ],
        "told once each, and nothing where nothing was removed"
    );
}

#[tokio::test]
async fn the_run_goes_on_past_a_broken_tenant_and_stops_when_the_process_does() {
    let app = TestApp::start().await;
    let (broken, shop) = (planted(&app, "a-broken").await, planted(&app, "shop").await);
    dated(&shop).await;
    broken.tenant.db().retire("as if it had shown");
    std::fs::write(broken.tenant.db().path(), b"").unwrap();
    assert!(app.app.privacy.run_daily(after(31), || true).await.is_ok(), "it looked at none");
    assert_eq!(counts(&shop).await[0], 5);
    assert!(app.app.privacy.run_daily(after(31), || false).await.is_err());
    assert_eq!(counts(&shop).await[0], 1);
}

#[test]
fn customers_at_the_command_line_with_a_server_and_without() {
    let home = Home::new();
    std::fs::write(home.path().join("orders.csv"), shopify_file()).unwrap();
    std::fs::write(home.path().join("plain.csv"), orders_file()).unwrap();
    for tenant in ["acme", "other"] {
        home.run(&["tenant", "add", tenant]).ok();
        home.run(&["brand", "add", tenant, "--tenant", tenant, "--currency", "USD", "--timezone", "UTC"]).ok();
        home.run(&["import", "--tenant", tenant, "--brand", tenant, "orders.csv", "plain.csv"]).ok();
    }
    let of = |verb: &str, tenant: &str, who: &[&str]| {
        home.run(&[&["customer", verb, "--tenant", tenant, "--json"], who].concat())
    };
    let orders = |kept: &Value| kept["brands"][0]["orders"].as_array().unwrap().len();
    for (served, who, found) in [(false, ["--email", ADDRESS], 2), (true, ["--id", ID], 1)] {
        let server = served.then(|| home.serve(&[]));
        // A closed tenant's customers have their rights still.
        home.run(&["tenant", if served { "suspend" } else { "resume" }, "acme"]).ok();
        assert_eq!(orders(&of("export", "acme", &who).ok().json()), found);
        let receipt = of("erase", "acme", &who).ok().json();
        assert_eq!(receipt["removed"]["orders"], found, "{receipt}");
        assert!(receipt["backups_until"].is_string() && receipt["id"].is_string(), "{receipt}");
        assert_eq!(orders(&of("export", "acme", &who).ok().json()), 0);
        assert_eq!(orders(&of("export", "other", &who).ok().json()), found, "another tenant's");
        drop(server);
    }
    let said = home.run(&["customer", "erase", "--tenant", "acme", "--email", ADDRESS]).ok().out;
    assert!(said.contains("0 orders") && said.contains("receipt"), "{said}");
    home.run(&["customer", "erase", "--tenant", "acme"]).failed(2);
    home.run(&["customer", "erase", "--tenant", "acme", "--email", ADDRESS, "--id", ID]).failed(2);
    assert!(of("erase", "acme", &["--email", "ann"]).failed(1).contains("e-mail"));
    assert!(of("erase", "nowhere", &["--email", ADDRESS]).failed(1).contains("pulsepoint tenant list"));
    let unknown = of("erase", "acme", &["--email", ADDRESS, "--brand", "nowhere"]).failed(1);
    assert!(unknown.contains("pulsepoint brand list"), "{unknown}");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    // A file of another test may go while the temp folder is read.
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map_while(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Six strings of six kinds, through every way in; then every file that Pulsepoint wrote: the data folder with stores, logs and
/// scratch, its temp folder, backups, and the log of the server.
#[test]
fn six_canaries_lie_nowhere_in_clear() {
    let home = Home::new();
    let (temp, backups) = (home.path().join("tmp"), home.path().join("kept"));
    std::fs::create_dir(&temp).unwrap();
    let run = |args: &[&str], input: &str| {
        let mut command = home.command(args);
        command.env("TMPDIR", &temp).env("PULSEPOINT_BACKUP_FOLDER", &backups).env("RUST_LOG", "trace");
        crate::support::binary::finish_with(command, input).ok()
    };
    let canaries = [
        "canary-note-4f1a",
        "canary-mail-4f1a@shop.example",
        "canary-shop-4f1a",
        "canary-word-4f1a-long",
        "Canary-City-4f1a",
    ];
    let [note, mail, product, password, city] = canaries;
    let file = format!(
        "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,Shipping City,Notes\n\
         #1,{mail},2026-11-02 10:00:00 -0500,1,{product},5,{city},{note}\n#2,{mail},never,1,{product},5,{city},{note}\n"
    );
    run(&["tenant", "add", "acme"], "");
    run(&["brand", "add", "acme", "--tenant", "acme", "--currency", "USD", "--timezone", "UTC"], "");
    let orders = home.path().join("orders.csv");
    std::fs::write(&orders, &file).unwrap();
    let mut said = vec![run(&["import", "--tenant", "acme", "--brand", "acme", "orders.csv"], "").err];
    std::fs::remove_file(&orders).unwrap();
    said.push(run(&["user", "add", "ada@acme.example", "--tenant", "acme", "--role", "owner"], password).err);
    let link = run(&["user", "invite", "bob@acme.example", "--tenant", "acme", "--role", "viewer", "--json"], "");
    let link = serde_json::from_str::<Value>(&link.out).unwrap()["link"].as_str().unwrap().to_owned();
    let token = link.rsplit(['/', '#', '=']).next().unwrap().to_owned();
    assert!(token.len() > 20, "{link}");
    said.push(run(&["backup"], "").err);
    said.push(run(&["customer", "erase", "--tenant", "acme", "--email", mail], "").err);
    said.push(run(&["backup"], "").err);

    let mut all = Vec::new();
    files(&home.path(), &mut all);
    assert!(all.iter().filter(|path| path.starts_with(&backups)).count() >= 4, "{all:?}");
    assert!(all.iter().any(|path| path.ends_with("store.db")) && all.len() > 7, "{all:?}");
    for canary in canaries.into_iter().chain([token.as_str()]) {
        for path in &all {
            let bytes = std::fs::read(path).unwrap();
            assert!(!path.to_string_lossy().contains(canary), "{path:?}");
            assert!(memchr::memmem::find(&bytes, canary.as_bytes()).is_none(), "{canary} is in {path:?}");
        }
        assert!(!said.iter().any(|log| log.contains(canary)), "{canary} is in a log");
    }
}

/// The same of a server that runs: an upload while it is read, the store's log, an archive that is being written.
#[tokio::test]
async fn nothing_lies_in_clear_while_a_server_works() {
    let app = TestApp::start().await;
    let shop = planted(&app, "acme").await;
    let rows: String = (0..20_000).map(|n| format!("G{n},B1,1,7,2026-11-04,{ADDRESS},Canaryville\n")).collect();
    let file = format!("order,sku,quantity,unit_price,placed_at,customer,city\n{rows}");
    let taken = imports::upload(&app, &shop, ("big.csv", file.as_bytes()), &[]).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let path = format!("/api/brands/{}/imports/{}", shop.brand.slug, taken.json()["id"].as_str().unwrap());
    let token = app.token(&shop, Role::Owner);
    let mut looked = 0;
    loop {
        let ended = !app.get(&path, &token).await.json()["finished_at"].is_null();
        let mut all = Vec::new();
        files(app.folder(), &mut all);
        for path in &all {
            // What is there for a moment alone may be gone again.
            let Ok(bytes) = std::fs::read(path) else { continue };
            looked += 1;
            assert_eq!(canary_in(&String::from_utf8_lossy(&bytes)), None, "{path:?}");
        }
        if ended {
            break;
        }
    }
    made(&app, &shop).await;
    app.app.backups.make_of_instance(None, by()).await.unwrap();
    post(&app, &shop, "erase", json!({ "email": ADDRESS })).await;
    let mut all = Vec::new();
    files(app.folder(), &mut all);
    for path in &all {
        looked += 1;
        assert_eq!(canary_in(&String::from_utf8_lossy(&std::fs::read(path).unwrap())), None, "{path:?}");
    }
    assert!(looked > 10);
}
