//! Ad connectors over HTTP: what landed is what the simulator has, to the micro, in each account's own currency and days; also
//! after restatements, after rows that vanish, and for two tenants with an account each.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pulsepoint::connectors::Pass;
use serde_json::json;

use crate::support::ads::{Rig, Shop, assert_equal};

const SOURCES: [&str; 3] = ["meta", "tiktok", "google"];

/// The simulator has a quarter of a year.
fn first(rig: &Rig) -> Pass {
    Pass::Backfill { from: Some(today(rig).saturating_sub(100.days())) }
}

fn today(rig: &Rig) -> Date {
    rig.now().to_zoned(TimeZone::UTC).date()
}

/// What there is of ads and days.
fn pairs(shop: &Shop) -> BTreeSet<(String, String)> {
    let sql = "select a.key, d.day from ad_days d join ads a on a.id = d.ad_id";
    shop.tenant
        .db()
        .read_blocking(|conn| {
            let mut rows = conn.prepare(sql)?;
            Ok(rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_pass_brings_every_account_in_its_own_money_and_days() {
    let rig = Rig::start(|_| ()).await;
    for source in SOURCES {
        let mut shop = rig.shop(source, source, json!({})).await;
        let tested = shop.test(&rig).await.unwrap();
        assert!(tested.missing.is_empty() && tested.warnings.is_empty(), "{tested:?}");
        assert!(
            tested.account.contains("USD, America/") && tested.account.contains("EUR, Europe/Berlin"),
            "{tested:?}"
        );
        let run = shop.pass(&rig, first(&rig)).await.unwrap();
        assert_eq!(run.rejects, []);
        let expected = rig.expected(source, None);
        assert_equal(&shop.landed(), &expected, source);
        let accounts: BTreeSet<&str> = expected.keys().map(|(account, _)| account.as_str()).collect();
        assert_eq!(accounts.len(), 2, "{source} has two accounts");
        eprintln!("{source}: {} requests, {} windows, {} waits", run.requests, run.windows, run.waits.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_and_vanishes_is_followed() {
    let rig = Rig::start(|options| options.ads = 150).await;
    let mut shops = Vec::new();
    for source in SOURCES {
        let mut shop = rig.shop(source, source, json!({})).await;
        shop.pass(&rig, first(&rig)).await.unwrap();
        shops.push((source, shop));
    }
    // An hour's pass sees today and yesterday, each in the account's own zone.
    let since = Some(rig.now());
    rig.advance(14);
    for (source, shop) in &mut shops {
        shop.pass(&rig, Pass::Recent { since }).await.unwrap();
        let (landed, expected) = (shop.landed(), rig.expected(source, None));
        let yesterday = today(&rig).saturating_sub(1.day()).to_string();
        let newest: Vec<_> = expected.iter().filter(|((_, day), _)| *day >= yesterday).collect();
        assert!(newest.len() >= 3, "{source}: {newest:?}");
        for (key, sums) in newest {
            assert_eq!(landed.get(key), Some(sums), "{source} {key:?}");
        }
    }
    // A day's pass sees what still changes: conversions that become known, and what was taken back.
    rig.advance(8 * 24);
    for (source, shop) in &mut shops {
        let totals = rig.sandbox.totals();
        for (account, per_mille) in totals[*source].as_array().unwrap().iter().zip([400, 2_500]) {
            let day = today(&rig).saturating_sub(20.days()).to_string();
            let body = json!({ "platform": source, "account": account["account"], "day": day, "per_mille": per_mille });
            rig.control("restate", body).await;
        }
        let before = pairs(shop);
        let run = shop.pass(&rig, Pass::Restate).await.unwrap();
        assert_eq!(run.rejects, []);
        assert_equal(&shop.landed(), &rig.expected(source, None), source);
        let after = pairs(shop);
        let (vanished, came) = (before.difference(&after).count(), after.difference(&before).count());
        assert!(vanished > 0 && came > vanished, "{source}: {vanished} vanished, {came} came");
        eprintln!("{source}: {} requests, {vanished} rows vanished, {came} came", run.requests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_have_an_account_each() {
    let rig = Rig::start(|_| ()).await;
    for source in SOURCES {
        let totals = rig.sandbox.totals();
        let ids: Vec<&str> =
            totals[source].as_array().unwrap().iter().map(|a| a["account"].as_str().unwrap()).collect();
        for (number, id) in ids.iter().enumerate() {
            let mut shop = rig.shop(&format!("{source}-{number}"), source, json!({ "account_ids": [id] })).await;
            shop.test(&rig).await.unwrap();
            shop.pass(&rig, first(&rig)).await.unwrap();
            assert_equal(&shop.landed(), &rig.expected(source, Some(id)), source);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_read_and_nothing_beside_it() {
    let rig = Rig::start(|_| ()).await;
    for source in SOURCES {
        let mut shop = rig.shop(source, source, json!({})).await;
        let (from, to) = (today(&rig).saturating_sub(50.days()), today(&rig).saturating_sub(10.days()));
        shop.pass(&rig, Pass::Range { from, to }).await.unwrap();
        let mut expected = rig.expected(source, None);
        expected.retain(|(_, day), _| *day >= from.to_string() && *day < to.to_string());
        assert_equal(&shop.landed(), &expected, source);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_comes_later_is_read_from_where_the_others_begin() {
    let rig = Rig::start(|_| ()).await;
    for source in SOURCES {
        let totals = rig.sandbox.totals();
        let earlier = totals[source][0]["account"].as_str().unwrap();
        let mut shop = rig.shop(source, source, json!({ "account_ids": [earlier] })).await;
        shop.pass(&rig, first(&rig)).await.unwrap();
        shop.settings.remove("account_ids");
        shop.pass(&rig, Pass::Restate).await.unwrap();
        assert_equal(&shop.landed(), &rig.expected(source, None), source);
        // A test of the connection does not forget it.
        shop.test(&rig).await.unwrap();
        let again = shop.pass(&rig, Pass::Restate).await.unwrap();
        assert!(again.windows <= 2 * 5, "{source}: {} windows", again.windows);
    }
}
