//! The demo's costs: entered once as the page enters them, alive in the statement of profit, gone with the demo.

use pulsepoint::auth::{Author, Reach};
use pulsepoint::brands;
use pulsepoint::clock::Clock;
use pulsepoint::commerce::demo::{install, remove};
use pulsepoint::metrics::{self, Query};
use pulsepoint::money::parse_micros;
use pulsepoint::profit::demo::enter;
use pulsepoint::tenants::Tenant;
use serde_json::{Value, json};

use crate::demo::{NOW, instant};
use crate::demo_install::start;

const METRICS: [&str; 9] =
    ["net_sales", "gross_profit", "cm2", "cm3", "shipping_cost", "payment_fees", "fixed_costs", "net_profit", "poas"];

async fn figures(tenant: &Tenant, slug: &'static str) -> Vec<i64> {
    let brand = tenant.db().read(move |conn| brands::get(conn, &Reach::All, slug)).await.unwrap();
    let query = json!({"metrics": METRICS, "time": {"start": "2026-10-01", "end": "2026-11-01"}});
    let query: Query = serde_json::from_value(query).unwrap();
    let answer = metrics::run(tenant, &brand, &query, instant(NOW)).await.unwrap();
    let micros = |cell: &Value| parse_micros(cell.as_str().unwrap_or_else(|| panic!("{answer:?}"))).unwrap();
    answer.totals.iter().map(micros).collect()
}

async fn count(tenant: &Tenant, sql: &'static str) -> i64 {
    tenant.db().read(move |conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_entered_once_and_leave_a_profit_in_both_tenants() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let clock = Clock::fixed(instant(NOW));
    install(&tenants, 42, &clock).await.unwrap();
    for (tenant, slug, entries) in [("juniper-oak", "juniper-oak", 10), ("northwind-demo", "northwind", 7)] {
        let tenant = tenants.by_slug(tenant).await.unwrap();
        let before = figures(&tenant, slug).await;
        assert_eq!(before[4..7], [0; 3], "nothing is made up where nothing is entered");
        assert_eq!(enter(&tenant, slug, &clock).await.unwrap(), entries);
        assert_eq!(enter(&tenant, slug, &clock).await.unwrap(), 0, "once");
        assert_eq!(count(&tenant, "select count(*) from costs").await, i64::try_from(entries).unwrap());
        let told = "select count(*) from events where kind = 'cost.added'";
        assert_eq!(count(&tenant, told).await, i64::try_from(entries).unwrap());
        let after = figures(&tenant, slug).await;
        // Sales and gross profit are what they were: the stories of the demo stay as they are.
        assert_eq!(after[..2], before[..2]);
        assert!(after[4..7].iter().all(|cost| *cost > 0), "{slug}: {after:?}");
        let (net_sales, profit) = (after[0], after[7]);
        assert!(profit > 0 && profit < net_sales / 4, "{slug} earns something, and not everything: {after:?}");
        assert!(after[8] > 1_000_000, "{slug}: POAS {after:?}");

        // What people take away stays away; with the demo the costs go, and another one has its own.
        let forget = |tx: &rusqlite::Transaction| Ok(tx.execute("delete from costs", [])?);
        tenant.db().write(forget).await.unwrap();
        assert_eq!(enter(&tenant, slug, &clock).await.unwrap(), 0);
    }
    let juniper = tenants.by_slug("juniper-oak").await.unwrap();
    let clock = Clock::fixed(instant("2024-05-20T15:00:00Z"));
    install(&tenants, 7, &clock).await.unwrap();
    assert_eq!(enter(&juniper, "juniper-oak", &clock).await.unwrap(), 10);
    remove(&juniper, "juniper-oak", Author::without_request("cli"), instant(NOW)).await.unwrap();
    assert_eq!(count(&juniper, "select count(*) from costs").await, 0);
    assert_eq!(enter(&juniper, "juniper-oak", &clock).await.unwrap(), 0, "an ordinary brand has no demo's costs");
}
