//! Killed between any two steps: what had landed stays, the rest comes once, and the end is that of an undisturbed run. And two who work
//! on one integration: one of them lands.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pulsepoint::app::App;
use pulsepoint::auth::Reach;
use pulsepoint::backup::{self, TableSum};
use pulsepoint::clock::Clock;
use pulsepoint::connectors::Source;
use pulsepoint::sync::State;
use pulsepoint::tenants::{Steps, Tenant};

use crate::support::plain::{DAYS, LINES, ORDERS, Plain};
use crate::support::platform::Platform;
use crate::support::pulled::{Given, Hands, Pulled, app, connect, one};
use crate::support::stores::{brand, now};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_SYNCS_IN";

fn given(steps: Steps) -> Given {
    Given { connectors: vec![Plain::shop(&[ORDERS, LINES, DAYS])], steps, ..Given::default() }
}

/// Not a test of its own: what the test below kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_syncs() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let steps = Steps::watched(|step| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "step {step}").unwrap();
        out.flush().unwrap();
    });
    let app = app(Path::new(&path), Clock::fixed(now()), given(steps)).await;
    app.sync.run_due().await.unwrap();
}

fn child(data: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sync_crash::child_that_syncs", "--nocapture"]).env(CHILD, data);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Kills the child right after it has done so many steps; true if it had ended before.
fn kill_after(mut child: Child, steps: usize) -> bool {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = lines.map_while(Result::ok).filter(|line| line.contains("step ")).take(steps).count();
    child.kill().unwrap();
    child.wait().unwrap();
    done < steps
}

async fn prepared(platform: &Platform, data: &Path) -> App {
    let app = app(data, Clock::fixed(now()), given(Steps::default())).await;
    let tenant = app.tenants.create("juniper", "Juniper").await.unwrap();
    let brand = brand(&tenant, "juniper", "USD", "America/New_York").await;
    connect(&app, (&tenant, &brand), Source::Shopify, &platform.url()).await;
    app
}

/// What was landed, without what differs from run to run.
fn landed(tenant: &Tenant) -> Vec<TableSum> {
    let all = tenant.db().read_blocking(backup::sums).unwrap();
    let kept = [
        "orders",
        "order_lines",
        "refunds",
        "ad_days",
        "ads",
        "variants",
        "products",
        "integration_landed",
        "sync_staged",
    ];
    all.into_iter().filter(|sum| kept.contains(&sum.name.as_str())).collect()
}

async fn platform() -> Platform {
    let platform = Platform::start().await.with_orders(55);
    let mut world = platform.world();
    world.spend = vec![(jiff::civil::date(2026, 11, 20), 500)];
    for number in 0..60 {
        world.lines.push(format!(r#"{{"id":"o{number:05}"}}"#));
    }
    world.lines.extend((0..60).map(|number| format!(r#"{{"id":"b{number}","__parentId":"o{number:05}","cents":23}}"#)));
    drop(world);
    platform
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_being_killed_between_any_two_steps() {
    let platform = platform().await;
    let (calm, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undisturbed = prepared(&platform, calm.path()).await;
    undisturbed.sync.run_due().await.unwrap();
    let tenant = undisturbed.tenants.by_slug("juniper").await.unwrap();
    let expected = (landed(&tenant), one::<i64>(&tenant, "select rows from integration_streams where name = 'orders'"));
    let whole = platform.world().asked.len();

    let app = prepared(&platform, data.path()).await;
    app.close().await.unwrap();
    drop(app);
    let mut kills = 0;
    // Each life does one step more than is needed to get past the one before: every boundary is met.
    for life in 0.. {
        platform.world().asked.clear();
        let ended = kill_after(child(data.path()), 1 + life % 2);
        if ended {
            break;
        }
        kills += 1;
        assert!(kills < 40, "it does not get on");
    }
    assert!(kills >= 8, "{kills}");
    let again = self::app(data.path(), Clock::fixed(now()), given(Steps::default())).await;
    again.sync.run_due().await.unwrap();
    let tenant = again.tenants.by_slug("juniper").await.unwrap();
    let id: String = one(&tenant, "select uid from integrations");
    assert_eq!(again.sync.show(&tenant, &id, Reach::All).await.unwrap().state, State::Healthy);
    let found = (landed(&tenant), one::<i64>(&tenant, "select rows from integration_streams where name = 'orders'"));
    for (one, other) in found.0.iter().zip(&expected.0) {
        assert_eq!((&one.name, one.rows), (&other.name, other.rows));
    }
    assert_eq!(found.1, expected.1, "rows are counted once");
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_runs where state = 'running'"), 0);
    assert!(whole > 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_who_work_on_an_integration_lands() {
    let platform = platform().await;
    platform.world().slow = std::time::Duration::from_millis(10);
    let pulled = Pulled::start(given(Steps::default())).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    // A second runner of the same process over the same stores.
    let other = pulled.app.clone().with_sync(crate::support::pulled::parts(given(Steps::default())));
    let (one_ran, other_ran) = tokio::join!(pulled.app.sync.run_due(), other.sync.run_due());
    assert!(one_ran.is_ok() && other_ran.is_ok());
    pulled.run().await;
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    assert_eq!(platform.asked("/orders?after=0"), 1, "the other has left it alone");
    assert_eq!(one::<i64>(&tenant, "select rows from integration_streams where name = 'orders'"), 55);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_the_lease_lands_nothing() {
    let platform = Platform::start().await.with_orders(95);
    let stolen = std::sync::Arc::new(std::sync::Mutex::new(None::<Tenant>));
    let taken = stolen.clone();
    let steps = Steps::watched(move |step| {
        if let (true, Some(tenant)) = (step == "landed", taken.lock().unwrap().take()) {
            let sql = "update integrations set lease = 'another''s'";
            tenant.db().write_blocking(|tx| Ok(tx.execute(sql, [])?)).unwrap();
        }
    });
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS])], steps, ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    *stolen.lock().unwrap() = Some(tenant.clone());
    pulled.app.sync.begin_due().await.unwrap();
    while platform.asked("/orders") < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 10, "the step after it was lost");
    // A lease that no living process of this folder has is taken over.
    pulled.hands.forward(std::time::Duration::from_secs(61));
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 95);
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_stops_after_the_step_and_the_next_start_goes_on() {
    let platform = Platform::start().await.with_orders(500);
    platform.world().slow = std::time::Duration::from_millis(5);
    let hands = Hands::at("2026-11-22T12:00:00Z");
    let data = tempfile::tempdir().unwrap();
    let first = app(data.path(), hands.clock(), given(Steps::default())).await;
    let tenant = first.tenants.create("juniper", "Juniper").await.unwrap();
    let brand = brand(&tenant, "juniper", "USD", "America/New_York").await;
    connect(&first, (&tenant, &brand), Source::Shopify, &platform.url()).await;
    first.sync.begin_due().await.unwrap();
    while platform.asked("/orders") < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    first.sync.close().await;
    let landed: i64 = one(&tenant, "select count(*) from orders");
    assert!((10..500).contains(&landed) && landed % 10 == 0, "{landed}");
    drop(tenant);
    first.close().await.unwrap();
    drop(first);
    let second = app(data.path(), hands.clock(), given(Steps::default())).await;
    second.sync.run_due().await.unwrap();
    let tenant = second.tenants.by_slug("juniper").await.unwrap();
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 560);
    assert_eq!(platform.asked("/orders?after=0"), 1, "nothing is asked from the beginning");
}
