//! The suite that every connector passes, over the simulator and through the whole of `sync`: all of it adds up, is resumed, survives
//! limits, kills and an end of the sign-in, may be repeated, follows what changes and vanishes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::civil::date;
use pulsepoint::connectors::Source;
use pulsepoint::sync::State;
use pulsepoint::tenants::Steps;
use serde_json::json;

use crate::support::pulled::{Hands, me, one, told};
use crate::support::simulated::{CASES, Connected, Simulated, app, connect};
use crate::support::stores::brand;

const HOUR: Duration = Duration::from_secs(3600);
const CHILD: &str = "PULSEPOINT_TEST_CHILD_SYNCS_FROM";

#[tokio::test(flavor = "multi_thread")]
async fn everything_adds_up_for_two_tenants_each_in_its_own_money_and_days() {
    let world = Simulated::start(|_| ()).await;
    let mut all = Vec::new();
    for case in CASES {
        for number in 0..2 {
            all.push(world.connect(case, number).await);
        }
    }
    for of in &all {
        world.until_healthy(of).await;
    }
    // An hour later, with what happened in between.
    world.pulled.pass(HOUR + Duration::from_secs(120)).await;
    for of in &all {
        world.until_healthy(of).await;
        let view = world.view(of).await;
        assert!(view.data_through.is_some() && view.account.is_some() && view.error.is_none(), "{view:?}");
        assert!(view.streams.iter().all(|stream| stream.state == "healthy"), "{view:?}");
        assert_eq!(one::<i64>(&of.tenant, "select count(*) from sync_rejects"), 0);
        world.assert_adds_up(of, "after an hour").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_outages_and_broken_answers_cost_time_and_nothing_else() {
    let world = Simulated::start(|_| ()).await;
    for case in CASES {
        let of = world.connect(case, 0).await;
        let fault = |skip: u32, then: serde_json::Value| json!({ "platform": case.platform, "skip": skip, "times": 1, "then": then });
        world
            .faults(json!([
                fault(2, json!({ "kind": "throttled" })),
                fault(2, json!({ "kind": "status", "status": 503 })),
                fault(3, json!({ "kind": "truncate", "bytes": 40 })),
                fault(3, json!({ "kind": "reset" })),
                fault(4, json!({ "kind": "garbage" })),
            ]))
            .await;
        world.until_healthy(&of).await;
        world.faults(json!([])).await;
        world.pulled.pass(2 * HOUR).await;
        world.until_healthy(&of).await;
        world.assert_adds_up(&of, "after faults").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_revoked_waits_for_a_person_and_then_goes_on() {
    let world = Simulated::start(|_| ()).await;
    for case in CASES {
        let of = world.connect(case, 0).await;
        world.until_healthy(&of).await;
        // An app of Shopify makes itself another token: there, a pasted one is what can be revoked.
        let token = "shpat_sandbox";
        if case.source == Source::Shopify {
            let pasted = pulsepoint::connectors::Credentials::default().with("access_token", token, None);
            world.pulled.app.sync.reconnect(&of.tenant, &of.id, (pasted, None), me()).await.unwrap();
            world.until_healthy(&of).await;
        }
        world.control("revoke", json!({ "platform": case.platform, "token": token })).await;
        world.pulled.pass(HOUR + Duration::from_secs(60)).await;
        let view = world.view(&of).await;
        assert_eq!(view.state, State::NeedsSignIn, "{view:?}");
        assert_eq!(told(&of.tenant, "integration.needs_sign_in").len(), 1, "{}", case.platform);
        world.control("forgive", json!({ "platform": case.platform })).await;
        let anew = (case.credentials("anew"), None);
        world.pulled.app.sync.reconnect(&of.tenant, &of.id, anew, me()).await.unwrap();
        world.until_healthy(&of).await;
        world.pulled.pass(HOUR + Duration::from_secs(120)).await;
        world.assert_adds_up(&of, "signed in anew").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_again_changes_nothing() {
    let world = Simulated::start(|_| ()).await;
    for case in CASES {
        let of = world.connect(case, 0).await;
        world.until_healthy(&of).await;
        let before = (of.tenant.data_version(), one::<i64>(&of.tenant, "select count(*) from orders"));
        let days = (date(2026, 10, 1), date(2026, 11, 20));
        world.pulled.app.sync.resync(&of.tenant, &of.id, days, me()).await.unwrap();
        world.until_healthy(&of).await;
        assert_eq!(
            (of.tenant.data_version(), one::<i64>(&of.tenant, "select count(*) from orders")),
            before,
            "{}",
            case.platform
        );
        // Nor does parsing again what was kept.
        let replayed = world.pulled.app.sync.replay(&of.tenant, &of.id, me().by).await.unwrap();
        assert!(replayed.answers > 0 && replayed.rows_rejected == 0, "{replayed:?}");
        world.assert_adds_up(&of, "replayed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_more_of_everything_than_a_page_tells_is_whole() {
    let world = Simulated::start(|_| ()).await;
    let shops = ["juniper-oak.myshopify.com", "juniper-oak-eu.myshopify.com"];
    let shipping = |of: &Connected, id: &str| {
        one::<i64>(
            &of.tenant,
            &format!("select shipping_micros - shipping_discount_micros from orders where external_id = '{id}'"),
        )
    };
    let refunds = |of: &Connected, id: &str| {
        let sql = "select count(*) from refunds r join orders o on o.id = r.order_id where o.external_id =";
        one::<i64>(&of.tenant, &format!("{sql} '{id}'"))
    };
    let swell = async |shop: &str| {
        let told = world.control("advance", json!({ "shop": shop, "swells": 1 })).await;
        told["swells"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    // One grows while it is followed, the other before it is read for the first time.
    let grows = world.connect(CASES[0], 0).await;
    world.until_healthy(&grows).await;
    let (id, other) = (swell(shops[0]).await, swell(shops[1]).await);
    let before = shipping(&grows, &id);
    let grown = world.connect(CASES[0], 1).await;
    world.until_healthy(&grown).await;
    // What changes at this very moment is read with the next pass.
    world.pulled.pass(2 * HOUR).await;
    for (of, id) in [(&grows, &id), (&grown, &other)] {
        world.assert_adds_up(of, "with a large order").await;
        assert!(refunds(of, id) >= 130, "{}", refunds(of, id));
    }
    assert_eq!(shipping(&grows, &id), before, "all seven parts of it");
    assert!(shipping(&grown, &other) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_closed_has_nothing_from_that_day_on() {
    let world = Simulated::start(|_| ()).await;
    let of = world.connect(CASES[0], 0).await;
    world.until_healthy(&of).await;
    // As if the shop had had a place more, and another that only files tell of.
    let put = |tx: &rusqlite::Transaction<'_>| {
        for (name, on_hand) in [("Closed", 9), ("Elsewhere", 4)] {
            tx.execute("insert into warehouses (brand_id, name, rev) values (1, ?, 1)", [name])?;
            tx.execute(
                "insert into stock_levels (variant_id, warehouse_id, day, brand_id, on_hand, rev)
                 select distinct variant_id, ?1, '2026-11-20', 1, ?2, 1 from stock_levels",
                [tx.last_insert_rowid(), on_hand],
            )?;
        }
        let landed = "insert into integration_landed (integration_id, kind, key) select id, 'warehouse', 'Closed' from integrations";
        Ok(tx.execute(landed, [])?)
    };
    of.tenant.db().write_blocking(put).unwrap();
    let now_at = |name: &str| {
        let last =
            "select max(day) from stock_levels m where m.variant_id = s.variant_id and m.warehouse_id = s.warehouse_id";
        let sum = "select coalesce(sum(on_hand), 0) from stock_levels s join warehouses w on w.id = s.warehouse_id";
        one::<i64>(&of.tenant, &format!("{sum} where w.name = '{name}' and s.day = ({last})"))
    };
    let (closed, elsewhere) = (now_at("Closed"), now_at("Elsewhere"));
    assert!(closed > 0 && elsewhere > 0);
    world.pulled.pass(25 * HOUR).await;
    world.until_healthy(&of).await;
    assert_eq!((now_at("Closed"), now_at("Elsewhere")), (0, elsewhere));
    let before = "select coalesce(sum(on_hand), 0) from stock_levels where day = '2026-11-20'";
    assert!(one::<i64>(&of.tenant, before) >= closed + elsewhere, "what was counted stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restated_refunded_cancelled_and_deleted_is_followed() {
    let world = Simulated::start(|_| ()).await;
    for case in CASES {
        let of = world.connect(case, 0).await;
        world.until_healthy(&of).await;
        if case.source == Source::Shopify {
            let body = json!({ "orders": 7, "refunds": 5, "full_refunds": 2, "cancels": 3, "touches": 4 });
            world.control("advance", body).await;
            world.control("delete", json!({ "orders": 2, "products": 1 })).await;
        } else {
            let totals = world.sandbox.totals();
            for account in totals[case.platform].as_array().unwrap() {
                let body = json!({ "platform": case.platform, "account": account["account"], "day": "2026-11-05", "per_mille": 2_500 });
                world.control("restate", body).await;
            }
        }
        world.pulled.pass(25 * HOUR).await;
        world.until_healthy(&of).await;
        world.assert_adds_up(&of, "a day later").await;
    }
}

/// Not a test of its own: what the test below kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_syncs() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [path, url, at] = told.split('\n').collect::<Vec<_>>().try_into().unwrap();
    let steps = Steps::watched(|step| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "step {step}").unwrap();
        out.flush().unwrap();
    });
    let app = app(Path::new(path), &Hands::at(at), url, steps).await;
    app.sync.run_due().await.unwrap();
}

fn child(data: &Path, url: &str, at: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sync_suite::child_that_syncs", "--nocapture"]);
    command.env(CHILD, [&data.to_string_lossy(), url, at].join("\n")).stdout(Stdio::piped()).spawn().unwrap()
}

/// Lives until it has done one step; true if there was none to do.
fn one_step(mut child: Child) -> bool {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = lines.map_while(Result::ok).filter(|line| line.contains("step ")).take(1).count();
    child.kill().unwrap();
    child.wait().unwrap();
    done == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_every_step_it_ends_as_if_undisturbed() {
    let world = Simulated::start(|options| options.orders = 60).await;
    let Simulated { pulled, sandbox } = &world;
    for case in CASES {
        // The folder belongs to one process at a time.
        let data = tempfile::tempdir().unwrap();
        let first = app(data.path(), &pulled.hands, &sandbox.url, Steps::default()).await;
        let tenant = first.tenants.create("juniper", "Juniper").await.unwrap();
        let brand = brand(&tenant, "juniper", "USD", "America/New_York").await;
        let id = connect(&first, (&tenant, &brand), case, 0).await.id;
        drop(tenant);
        first.close().await.unwrap();
        drop(first);
        let mut lives = 0;
        loop {
            let at = pulled.hands.now().to_string();
            let idle = one_step(child(data.path(), &sandbox.url, &at));
            lives += 1;
            assert!(lives < 400, "{}: it does not get on", case.platform);
            let after = app(data.path(), &pulled.hands, &sandbox.url, Steps::default()).await;
            let tenant = after.tenants.by_slug("juniper").await.unwrap();
            let state = after.sync.show(&tenant, &id, pulsepoint::auth::Reach::All).await.unwrap().state;
            if idle && state == State::Healthy {
                // The day that runs is as of its last reading.
                after.sync.sync_now(&tenant, &id, me()).await.unwrap();
                after.sync.run_due().await.unwrap();
                let killed = Connected { case, number: 0, tenant, id };
                world.adds_up(&killed, "killed after every step");
                after.close().await.unwrap();
                break;
            }
            after.close().await.unwrap();
            if idle {
                pulled.hands.forward(Duration::from_secs(5));
            }
        }
        assert!(lives > 4, "{}: {lives}", case.platform);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_in_the_life() {
    let world = Simulated::start(|_| ()).await;
    let mut all = Vec::new();
    for case in CASES {
        all.push(world.connect(case, 0).await);
    }
    for of in &all {
        world.until_healthy(of).await;
    }
    let shop = &all[0];
    let runs = |of: &Connected| one::<i64>(&of.tenant, "select count(*) from sync_runs where state = 'done'");
    let before: Vec<i64> = all.iter().map(runs).collect();
    // Ten minutes in, somebody buys and somebody sends something back.
    world.pulled.pass(Duration::from_secs(600)).await;
    world.control("advance", json!({ "orders": 3, "refunds": 1 })).await;
    world.pulled.pass(Duration::from_secs(3_000)).await;
    for (of, before) in all.iter().zip(before) {
        assert_eq!(runs(of), before + 1, "{}: each looked once within the hour", of.case.platform);
        assert_eq!(world.view(of).await.state, State::Healthy);
        assert!(told(&of.tenant, "sync.failed").is_empty() && told(&of.tenant, "sync.overdue").is_empty());
    }
    // Their minutes are their own, and the same in every hour.
    let next = |of: &Connected| one::<i64>(&of.tenant, "select min(next_at_ms) % 3600000 from integration_streams");
    let minutes: std::collections::BTreeSet<i64> = all.iter().map(next).collect();
    assert_eq!(minutes.len(), 4);
    world.pulled.pass(HOUR).await;
    assert_eq!(all.iter().map(next).collect::<std::collections::BTreeSet<i64>>(), minutes);
    world.assert_adds_up(shop, "at the end of the hour").await;
}
