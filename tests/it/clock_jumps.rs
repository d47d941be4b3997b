//! The clock jumps: nothing is removed for being old, nobody stays signed in for longer, and no day has two backups.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pulsepoint::app::App;
use pulsepoint::auth::{Claims, LIFETIME_SECS, Role};
use pulsepoint::clock::Clock;
use pulsepoint::schedule;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::Tenants;

use crate::support::app::operator;

pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;
/// Forty days, an hour, and the steps that a time server takes, both ways.
const JUMPS: [i64; 8] = [40 * DAY, -40 * DAY, HOUR, -HOUR, 2 * DAY, -2 * DAY, 1, -1];

/// A clock that is set by hand: what it shows, and how long it has run.
#[derive(Clone)]
pub struct Hand(Arc<Mutex<(Timestamp, Duration)>>);

impl Hand {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((Clock::system().system_time(), Duration::ZERO))))
    }

    fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::driven(move || *hand.0.lock().unwrap())
    }

    pub fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    /// Time passes as it does.
    pub fn pass(&self, seconds: i64) {
        self.jump(seconds);
        self.0.lock().unwrap().1 += Duration::from_secs(seconds.unsigned_abs());
    }

    /// The clock is set, and no time passes.
    pub fn jump(&self, seconds: i64) {
        let mut hand = self.0.lock().unwrap();
        hand.0 += SignedDuration::from_secs(seconds);
    }
}

pub async fn start(data: &std::path::Path, hand: &Hand) -> App {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, hand.clock(), &Default::default()).unwrap();
    App::start(tenants, hand.clock(), Default::default()).await.unwrap()
}

/// What runs by itself and removes what is old.
async fn housekeeping(app: &App) {
    schedule::delete_tenants(app.clone()).await.unwrap();
    schedule::remove_what_is_old(app.clone()).await.unwrap();
    app.backups.run_daily(|| false).await.unwrap();
}

async fn slugs(app: &App) -> Vec<String> {
    app.tenants.list().await.unwrap().into_iter().map(|info| info.slug).collect()
}

/// Tokens of sessions of a tenant, sound as of then.
pub fn sessions(tenant: &pulsepoint::tenants::Tenant) -> i64 {
    tenant
        .db()
        .read_blocking(|conn| Ok(conn.query_row("select count(*) from refresh_tokens", [], |row| row.get(0))?))
        .unwrap()
}

pub fn signed_in(tenant: &pulsepoint::tenants::Tenant, now: Timestamp) {
    let (now_ms, month_ms) = (now.as_millisecond(), 30 * DAY * 1000);
    tenant
        .db()
        .write_blocking(|tx| {
            tx.execute(
                "insert into users (id, email, name, role, password_hash, created_at_ms)
                 values ('u', 'a@b.example', 'A', 'owner', '', ?1) on conflict do nothing",
                [now_ms],
            )?;
            Ok(tx.execute(
                "insert into refresh_tokens (token_hash, family, user_id, issued_at_ms, expires_at_ms)
                 values (randomblob(32), 'f', 'u', ?1, ?2)",
                (now_ms, now_ms + month_ms),
            )?)
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_removes_nothing_before_its_time() {
    for jump in JUMPS {
        let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
        let app = start(data.path(), &hand).await;
        let (kept, gone) =
            (app.tenants.create("kept", "K").await.unwrap(), app.tenants.create("gone", "G").await.unwrap());
        signed_in(&kept, hand.now());
        app.backups.make(&gone, None, crate::backup::by()).await.unwrap();
        let archived = gone.id().clone();
        housekeeping(&app).await;
        app.tenants.delete(gone.id()).await.unwrap();
        let planned = app.tenants.create("planned", "P").await.unwrap();
        app.tenants.plan_deletion(planned.id(), hand.now(), operator()).await.unwrap();
        drop((gone, planned));

        hand.jump(jump);
        for hour in 0..4 {
            housekeeping(&app).await;
            assert_eq!(slugs(&app).await, ["kept", "planned"], "{jump} s, hour {hour}");
            assert_eq!(sessions(&kept), 1, "{jump} s, hour {hour}");
            let archives = app.backups.list(&archived, None).await.unwrap();
            assert_eq!(archives.len(), 1, "{jump} s, hour {hour}");
            hand.pass(HOUR);
        }
        // A restart in between does not make it believed.
        drop(kept);
        app.close().await.unwrap();
        drop(app);
        let app = start(data.path(), &hand).await;
        housekeeping(&app).await;
        assert_eq!(slugs(&app).await, ["kept", "planned"], "{jump} s, after a restart");
        // Set right, life goes on: seven days later the tenant goes, and no sooner.
        hand.jump(-jump);
        for _ in 0..6 * 24 {
            hand.pass(HOUR);
            schedule::delete_tenants(app.clone()).await.unwrap();
        }
        assert_eq!(slugs(&app).await, ["kept", "planned"], "{jump} s, six days later");
        for _ in 0..26 {
            hand.pass(HOUR);
            schedule::delete_tenants(app.clone()).await.unwrap();
        }
        assert_eq!(slugs(&app).await, ["kept"], "{jump} s, after its time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_signs_nobody_in_for_longer() {
    let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
    let app = start(data.path(), &hand).await;
    let issued = hand.now();
    let claims = Claims::new("t", "u", Role::Owner, 1, issued);
    let token = app.auth.signer().sign(&claims).unwrap();
    assert!(app.auth.signer().verify(&token, issued).is_some());
    for jump in JUMPS {
        let at = issued + SignedDuration::from_secs(jump);
        let good = app.auth.signer().verify(&token, at).is_some();
        assert_eq!(good, (0..LIFETIME_SECS).contains(&jump), "{jump} s");
        // However the clock is turned, from its own time to its end it is good for eight hours.
        let good_hours = (-48..48).filter(|hour| {
            let at = at + SignedDuration::from_hours(*hour);
            app.auth.signer().verify(&token, at).is_some()
        });
        assert!(good_hours.count() <= 8, "{jump} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_makes_no_second_backup_of_a_day() {
    for jump in JUMPS {
        let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
        // At noon of a day, so that an hour more or less is of the same day.
        let noon = hand.now().as_second().div_euclid(DAY) * DAY + 12 * HOUR - hand.now().as_second();
        hand.jump(noon);
        let app = start(data.path(), &hand).await;
        let tenant = app.tenants.create("acme", "A").await.unwrap();
        app.backups.make(&tenant, None, crate::backup::by()).await.unwrap();
        let before = app.backups.list(tenant.id(), None).await.unwrap();
        hand.jump(jump);
        for _ in 0..3 {
            app.backups.run_daily(|| false).await.unwrap();
            hand.pass(60);
        }
        hand.jump(-jump);
        app.backups.run_daily(|| false).await.unwrap();
        let archives = app.backups.list(tenant.id(), None).await.unwrap();
        let mut days: Vec<String> = archives.iter().map(|archive| archive.at.to_string()[..10].to_owned()).collect();
        days.dedup();
        assert_eq!(days.len(), archives.len(), "{jump} s: {archives:?}");
        assert!(before.iter().all(|old| archives.iter().any(|one| one.path == old.path)), "{jump} s: it is kept");
    }
}
