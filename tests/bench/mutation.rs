//! What the audit entry of a change costs: one brand renamed again and again on a real store, by turns with its entry and without.
#![expect(clippy::unwrap_used, reason = "a measuring program stops at the first surprise")]

use std::time::{Duration, Instant};

use pulsepoint::auth::Reach;
use pulsepoint::brands::{self, BrandChange, NewBrand};
use pulsepoint::clock::Clock;
use pulsepoint::events::{self, Entry};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};
use serde_json::json;

const ROUNDS: usize = 1_000;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its output is what it is for")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(folder.path(), None, true).unwrap();
    let tenants = Tenants::start(folder.path(), master, Clock::system(), &Default::default()).unwrap();
    let tenant = tenants.create("bench", "Bench").await.unwrap();
    let mut took = [Vec::new(), Vec::new()];
    create(&tenant);
    for round in 0..ROUNDS {
        for (which, times) in took.iter_mut().enumerate() {
            times.push(rename(&tenant, round, which == 0));
        }
    }
    let [with, without] = took.map(median);
    println!("{}", json!({ "with_us": with, "without_us": without, "rounds": ROUNDS }));
    tenants.close_all().await.unwrap();
}

fn create(tenant: &Tenant) {
    let new = NewBrand::parse("Bench", Some("bench"), "USD", "UTC", None).unwrap();
    tenant.db().write_blocking(|tx| brands::create(tx, &new, Clock::system().now())).unwrap();
}

fn rename(tenant: &Tenant, round: usize, told: bool) -> Duration {
    let change = BrandChange { name: Some(format!("Bench {round} {told}")), ..BrandChange::default() };
    let now = Clock::system().now();
    let from = Instant::now();
    tenant
        .db()
        .write_blocking(|tx| {
            let old = brands::get(tx, &Reach::All, "bench")?;
            let (brand, _) = brands::update(tx, &old, &change, now)?;
            if told {
                let (subject, data) = (format!("brand:{}", brand.uid), json!({ "changed": ["name"] }));
                let entry = Entry {
                    kind: "brand.updated",
                    actor: "user:bench",
                    subject: Some(&subject),
                    request_id: Some("01J0000000000000000000000"),
                    ip: Some("192.0.2.1"),
                    data,
                };
                events::append(tx, now, &entry)?;
            }
            Ok(())
        })
        .unwrap();
    from.elapsed()
}

/// In microseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}
