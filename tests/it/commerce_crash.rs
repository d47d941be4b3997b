//! Killed in the middle of landing: whole batches stay, nothing of the torn one, and starting again ends as if undisturbed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pulsepoint::brands::{self, Brand};
use pulsepoint::commerce::Lander;
use pulsepoint::commerce::rows::Batch;
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;

use crate::support::figures::{assert_same, by_hand, from_facts};
use crate::support::shop::{self, Dice};
use crate::support::stores::{now, start, two_brands};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_LANDS_IN";
const BATCHES: i64 = 150;
/// Orders of one batch; a torn one would show.
const ORDERS: i64 = 25;

/// Batch `number` of a source whose orders all differ.
fn batch(number: i64) -> Batch {
    let mut dice = Dice::new(u64::try_from(number).unwrap());
    let orders = (0..ORDERS).map(|at| {
        let mut order = shop::order(&mut dice, "USD");
        order.external_id = format!("{number}-{at}");
        order
    });
    Batch { orders: orders.collect(), ads: vec![shop::ad_window(&mut Dice::new(1_000), "USD")], ..Batch::default() }
}

fn lander(tenant: &Tenant, brand: &Brand) -> Lander {
    Lander::new(&tenant.key().derive(Purpose::CustomerIdentity), brand, "shopify", now())
}

/// Lands the whole source, telling after each batch; returns the rows that changed.
fn land_all(tenant: &Tenant, brand: &Brand, mut told: impl FnMut(i64)) -> u64 {
    let mut lander = lander(tenant, brand);
    let mut landed = 0;
    for number in 0..BATCHES {
        landed += tenant.db().write_blocking(|tx| lander.land(tx, &batch(number))).unwrap().rows_landed;
        told(number);
    }
    landed + tenant.db().write_blocking(|tx| lander.finish(tx)).unwrap().rows_landed
}

/// Not a test of its own: what the test below kills.
#[test]
fn child_that_lands() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tenant = runtime.block_on(async { start(Path::new(&path)).by_slug("one").await.unwrap() });
    let brand = tenant.db().read_blocking(|conn| brands::get(conn, &pulsepoint::auth::Reach::All, "juniper")).unwrap();
    let mut out = std::io::stdout().lock();
    land_all(&tenant, &brand, |number| {
        writeln!(out, "landed {number}").unwrap();
        out.flush().unwrap();
    });
}

fn child(data: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "commerce_crash::child_that_lands", "--nocapture"]).env(CHILD, data);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Kills the child a moment after it has landed `batches`.
fn kill_after(mut child: Child, batches: usize) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut landed = lines.map_while(Result::ok).filter(|line| line.contains("landed "));
    landed.by_ref().take(batches).for_each(drop);
    std::thread::sleep(Duration::from_micros(u64::try_from(batches).unwrap() * 173 % 2_000));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn orders(tenant: &Tenant) -> (i64, i64) {
    let sql = "select count(*), (select coalesce(max(seq), 0) from change_log) from orders";
    tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_being_killed_while_landing() {
    let (data, calm) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&data, &calm] {
        let tenants = start(folder.path());
        two_brands(&tenants.create("one", "One").await.unwrap()).await;
        tenants.close_all().await.unwrap();
    }
    let mut most = 0;
    for batches in [2, 20, 60] {
        kill_after(child(data.path()), batches);
        let tenants = start(data.path());
        let tenant = tenants.by_slug("one").await.unwrap();
        let (count, seq) = orders(&tenant);
        assert_eq!((count % ORDERS, seq), (0, count / ORDERS), "whole batches, one entry each");
        assert!(count >= most && 0 < count && count < BATCHES * ORDERS, "some but not all had landed: {count}");
        most = count;
        assert_same(&from_facts(&tenant).await, &by_hand(&tenant), "after the kill");
        drop(tenant);
        tenants.close_all().await.unwrap();
    }
    let mut ends = Vec::new();
    for folder in [&data, &calm] {
        let tenants = start(folder.path());
        let tenant = tenants.by_slug("one").await.unwrap();
        let brand =
            tenant.db().read_blocking(|conn| brands::get(conn, &pulsepoint::auth::Reach::All, "juniper")).unwrap();
        land_all(&tenant, &brand, |_| {});
        let version = orders(&tenant).1;
        assert_eq!(land_all(&tenant, &brand, |_| {}), 0, "a second import changes nothing");
        assert_eq!(orders(&tenant).1, version);
        ends.push((from_facts(&tenant).await, orders(&tenant)));
        drop(tenant);
        tenants.close_all().await.unwrap();
    }
    assert_same(&ends[0].0, &ends[1].0, "killed and undisturbed");
    assert_eq!(ends[0].1.0, BATCHES * ORDERS);
}
