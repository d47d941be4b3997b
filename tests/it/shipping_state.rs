//! How far the copying of every commit has come, as it is told: on the Backups page, in `backup verify`; of two tenants, each its own.

use axum::body::Body;
use axum::http::Request;
use pulsepoint::auth::{Claims, NewPerson, Role, create_person};
use pulsepoint::http::Peer;
use pulsepoint::tenants::Tenant;
use serde_json::Value;
use tower::ServiceExt;

use crate::cli_backup::{stocked, text};
use crate::shipping::{Box, at, bundles, by, open, rate};
use crate::support::app::PASSWORD;
use crate::support::binary::{Finished, Home, finish};

async fn two(here: &Box) -> (Tenant, Tenant) {
    let both =
        (here.app.tenants.create("acme", "Acme").await.unwrap(), here.app.tenants.create("other", "O").await.unwrap());
    here.app.backups.ship_all().await.unwrap();
    both
}

#[tokio::test(flavor = "multi_thread")]
async fn each_log_says_until_when_it_reaches_and_what_waits() {
    let target = tempfile::tempdir().unwrap();
    let here = Box::start(target.path()).await;
    let (tenant, other) = two(&here).await;
    let state = |tenant: &Tenant| here.app.backups.log_state(Some(tenant.id())).unwrap();
    let begun = state(&tenant).beginning.unwrap();
    assert_eq!((begun.because.as_deref(), begun.gap_from), (Some("it is the first"), None));
    assert!(begun.first_snapshot.is_some() && state(&tenant).snapshot == begun.first_snapshot);

    let first = here.pass(60_000);
    rate(&tenant, 1, 1);
    here.pass(1000);
    rate(&tenant, 2, 2);
    let waiting = state(&tenant).waiting;
    assert_eq!((waiting.commits, waiting.since), (2, Some(at(first))));
    assert!(state(&tenant).until.unwrap() < at(first));
    assert_eq!(state(&other).waiting.commits, 0, "the other's has nothing to do with it");
    let now = here.pass(1000);
    here.app.backups.ship_all().await.unwrap();
    let (mine, theirs) = (state(&tenant), state(&other));
    assert_eq!((mine.waiting.commits, mine.waiting.since, mine.until), (0, None, Some(at(now))));
    assert!(theirs.until.unwrap() < at(first), "nothing of theirs was copied since");
    assert!(here.app.backups.log_state(None).unwrap().until.is_some(), "control.db has a log as well");

    for id in [Some(tenant.id()), Some(other.id()), None] {
        let checked = here.app.backups.check_log(id).await.unwrap().unwrap();
        assert!(checked.entries > 1 && checked.behind == 0, "{checked:?}");
        assert_eq!(checked.until, here.app.backups.log_state(id).unwrap().until.unwrap());
    }
    let quiet = open(here.data.path(), target.path(), &here.time, |settings| settings.continuous = false);
    here.app.close().await.unwrap();
    assert!(quiet.await.backups.log_state(Some(tenant.id())).is_none(), "nothing is copied, so nothing is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_is_told_with_what_waits_until_it_is_back() {
    let (folder, moved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = folder.path().join("target");
    let here = Box::start(&target).await;
    let (tenant, _other) = two(&here).await;
    let away = moved.path().join("away");
    std::fs::rename(&target, &away).unwrap();
    std::fs::write(&target, b"not a folder").unwrap();
    let gone = here.pass(1000);
    rate(&tenant, 1, 1);
    here.app.backups.ship().await.unwrap();
    here.pass(5000);
    rate(&tenant, 2, 2);
    here.app.backups.ship().await.unwrap();
    let state = here.app.backups.log_state(Some(tenant.id())).unwrap();
    let (why, since) = state.failure.unwrap();
    assert!(!why.is_empty() && since == at(gone), "{why} {since}");
    assert_eq!(state.waiting.commits, 2);
    std::fs::remove_file(&target).unwrap();
    std::fs::rename(&away, &target).unwrap();
    here.app.backups.ship_all().await.unwrap();
    let state = here.app.backups.log_state(Some(tenant.id())).unwrap();
    assert!(state.failure.is_none() && state.waiting.commits == 0, "{state:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_log_has_is_a_gap_with_its_ends_and_why() {
    let target = tempfile::tempdir().unwrap();
    let mut here = Box::start(target.path()).await;
    let (tenant, other) = two(&here).await;
    let last = here.pass(1000);
    rate(&tenant, 1, 1);
    here.app.backups.ship_all().await.unwrap();
    let (id, theirs) = (tenant.id().clone(), other.id().clone());
    drop((tenant, other));
    here.app.close().await.unwrap();
    // Somebody works without copies for an hour.
    let without = open(here.data.path(), target.path(), &here.time, |settings| settings.continuous = false).await;
    here.pass(3_600_000);
    let tenant = without.tenants.open(&id).await.unwrap();
    rate(&tenant, 2, 2);
    drop(tenant);
    without.close().await.unwrap();
    here.app = open(here.data.path(), target.path(), &here.time, |_| {}).await;
    here.app.backups.ship_all().await.unwrap();
    let begun = here.app.backups.log_state(Some(&id)).unwrap().beginning.unwrap();
    assert!(begun.because.as_deref().unwrap().contains("commit"), "{begun:?}");
    assert!(begun.gap_from.unwrap() >= at(last) && begun.gap_from.unwrap() < at(last + 3_600_000), "{begun:?}");
    assert!(begun.first_snapshot.unwrap() >= at(last + 3_600_000));
    assert_eq!(here.app.backups.check_log(Some(&id)).await.unwrap().unwrap().beginning, begun);
    let theirs = here.app.backups.log_state(Some(&theirs)).unwrap().beginning.unwrap();
    assert_eq!((theirs.because.as_deref(), theirs.gap_from), (Some("it is the first"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_gets_the_state_of_its_own_tenant() {
    let target = tempfile::tempdir().unwrap();
    let here = Box::start(target.path()).await;
    let (tenant, other) = two(&here).await;
    let mut tokens = Vec::new();
    let now = here.app.clock.system_time();
    for tenant in [&tenant, &other] {
        let email = format!("owner@{}.example", tenant.slug());
        let new = NewPerson::parse(&email, "Owner", Role::Owner, PASSWORD.into()).unwrap();
        let user = create_person((&here.app.tenants, tenant), new, (by(), None), now).await.unwrap();
        let claims = Claims::new(tenant.id().as_str(), &user.id, Role::Owner, 1, now);
        tokens.push(here.app.auth.signer().sign(&claims).unwrap());
    }
    here.app.backups.ship_all().await.unwrap();
    let waits = here.pass(1000);
    rate(&tenant, 1, 1);
    let router = pulsepoint::server::router(&here.app).unwrap();
    let mut logs = Vec::new();
    for token in tokens {
        let asked = Request::get("/api/backups").header("authorization", format!("Bearer {token}"));
        let mut asked = asked.body(Body::empty()).unwrap();
        asked.extensions_mut().insert(Peer("203.0.113.7:1".parse().unwrap()));
        let answer = router.clone().oneshot(asked).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        logs.push(serde_json::from_slice::<Value>(&body).unwrap()["log"].clone());
    }
    let [mine, theirs] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!((&mine["waiting_commits"], &theirs["waiting_commits"]), (&1.into(), &0.into()));
    assert_eq!(mine["waiting_since"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), at(waits));
    assert_eq!((&mine["began_because"], &mine["days"]), (&"it is the first".into(), &30.into()));
    for name in ["until", "began_at", "first_snapshot_at", "last_snapshot_at"] {
        assert!(mine[name].is_string(), "{name} of {mine}");
    }
    assert!(mine["gap_from"].is_null() && mine["failure"].is_null() && mine["failing_since"].is_null(), "{mine}");
}

#[test]
fn backup_verify_reads_the_logs_and_names_what_is_not_sound() {
    let (home, elsewhere) = (Home::new(), tempfile::tempdir().unwrap());
    let run = |args: &[&str]| -> Finished {
        let mut command = home.command(args);
        command.env("PULSEPOINT_BACKUP_FOLDER", elsewhere.path());
        finish(command)
    };
    stocked(&home, "acme");
    stocked(&home, "zenith");
    run(&["backup"]).ok();
    let sound = run(&["backup", "verify", "--json"]).ok().json();
    for one in sound["checked"].as_array().unwrap() {
        // What a closing instance notes of its stores is written when their logs are copied.
        let waits = one["log"]["waiting_commits"].as_i64().unwrap();
        assert!(one["log"]["ok"] == true && (waits == 0 || one["tenant"] == "(instance)"), "{one}");
        assert!(one["log"]["until"].is_string() && one["log"]["gap_from"].is_null(), "{one}");
    }
    assert_eq!(sound["checked"].as_array().unwrap().len(), 3, "two tenants and the instance");
    assert!(run(&["backup", "verify"]).ok().out.contains("acme: log sound: "));

    let tenants = home.run(&["tenant", "list", "--json"]).ok().json();
    let id = tenants["tenants"][0]["id"].as_str().unwrap().to_owned();
    let bent = &bundles(elsewhere.path(), &id)[0];
    let mut bytes = std::fs::read(bent).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(bent, bytes).unwrap();
    let found = run(&["backup", "verify"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.out.contains("acme: LOG NOT SOUND: entry 0 of the log"), "{found:?}");
    assert!(found.out.contains("zenith: log sound: ") && found.out.contains("acme: sound: "), "{found:?}");
    let json = run(&["backup", "verify", "--json"]).json();
    assert_eq!(
        (&json["ok"], &json["checked"][0]["ok"], &json["checked"][1]["ok"]),
        (&false.into(), &false.into(), &true.into())
    );
    // An archive that is named is checked for itself.
    let archive = sound["checked"][0]["file"].as_str().unwrap();
    let one = run(&["backup", "verify", archive, "--json"]).ok().json();
    assert!(one["checked"][0]["log"].is_null(), "{one} {}", text(elsewhere.path()));
}
