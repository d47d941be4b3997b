//! Continuous backup as an operator needs it: any second comes back, and what is not sound is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use pulsepoint::app::App;
use pulsepoint::auth::Author;
use pulsepoint::backup::{self, Destination, Identity, Moment, Wanted, When};
use pulsepoint::clock::Clock;
use pulsepoint::error::Error;
use pulsepoint::events;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};

use crate::support::store::Place;

/// A machine with a clock that is moved by hand, which ships to a folder of its own.
pub struct Box {
    pub app: App,
    pub data: tempfile::TempDir,
    pub time: Arc<AtomicI64>,
}

fn start_ms() -> i64 {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_millisecond()
}

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// An instance in a data folder.
pub async fn open(
    data: &Path,
    target: &Path,
    time: &Arc<AtomicI64>,
    change: impl FnOnce(&mut backup::Settings),
) -> App {
    let time = time.clone();
    let clock = Clock::driven(move || {
        let now = time.load(Ordering::SeqCst);
        (at(now), Duration::from_millis(u64::try_from(now).unwrap()))
    });
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, clock.clone(), &Default::default()).unwrap();
    let mut settings = backup::Settings { folder: Destination::Folder(target.to_owned()), ..Default::default() };
    change(&mut settings);
    App::start(tenants, clock, Default::default()).await.unwrap().with_backups(settings).unwrap()
}

impl Box {
    pub async fn start(target: &Path) -> Self {
        Self::with(target, |_| {}).await
    }

    /// Which ships to a place of either kind.
    pub async fn at(place: &Place) -> Self {
        Self::with(&place.disk, |settings| place.configure(settings)).await
    }

    pub async fn with(target: &Path, change: impl FnOnce(&mut backup::Settings)) -> Self {
        let (data, time) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(start_ms())));
        let app = open(data.path(), target, &time, change).await;
        Self { app, data, time }
    }

    /// Stops politely and starts again.
    pub async fn restart(&mut self, target: &Path) {
        self.app.close().await.unwrap();
        self.app = open(self.data.path(), target, &self.time, |_| {}).await;
    }

    pub fn identity(&self) -> Identity {
        Identity::read(&self.data.path().join(backup::IDENTITY_FILE)).unwrap()
    }

    pub fn pass(&self, ms: i64) -> i64 {
        self.time.fetch_add(ms, Ordering::SeqCst) + ms
    }
}

pub fn by() -> Author {
    Author::without_request("test")
}

pub fn when(ms: i64) -> When {
    When { moment: Moment::At(at(ms)), last_good: false }
}

pub const LATEST: When = When { moment: Moment::Latest, last_good: false };

pub fn over(tenant: &str) -> Wanted {
    Wanted { tenant: tenant.to_owned(), slug: None, overwrite: true }
}

/// One commit: a rate of this day is this number.
pub fn rate(tenant: &Tenant, day: u64, value: u64) {
    let set = "insert into rates (day, base, quote, rate, source) values (?1, 'AAA', 'BBB', ?2, 'x')
        on conflict do update set rate = excluded.rate";
    let row = (format!("{day:06}"), value.to_string());
    tenant.db().write_blocking(|tx| Ok(tx.execute(set, row)?)).unwrap();
}

/// All rates, as text.
pub fn rates(tenant: &Tenant) -> Vec<(String, String)> {
    let all = |conn: &rusqlite::Connection| {
        let mut query = conn.prepare("select day, rate from rates order by day")?;
        Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()?)
    };
    tenant.db().read_blocking(all).unwrap()
}

/// Numbers that are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Every file under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Bundles of a tenant's log, over all generations.
pub fn bundles(target: &Path, tenant: &str) -> Vec<PathBuf> {
    files(&target.join(tenant)).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "log")).collect()
}

pub fn kinds(conn: &rusqlite::Connection) -> pulsepoint::error::Result<Vec<String>> {
    Ok(events::read_from(conn, "test", 1000)?.into_iter().map(|event| event.kind).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_random_moments_of_thirty_days_are_equal_to_a_model() {
    let target = tempfile::tempdir().unwrap();
    let mut here = Box::start(target.path()).await;
    let mut tenant = here.app.tenants.create("acme", "Acme").await.unwrap();
    here.app.backups.ship_all().await.unwrap();
    let (mut dice, mut model) = (Dice(7), vec![(here.pass(1000), tenant.db().commits(), rates(&tenant))]);
    for day in 0..30 {
        for _ in 0..1 + dice.roll(12) {
            let now = here.pass(1 + i64::try_from(dice.roll(3_600_000)).unwrap());
            rate(&tenant, dice.roll(40), dice.roll(1_000_000));
            model.push((now, tenant.db().commits(), rates(&tenant)));
            match dice.roll(6) {
                0 => tenant.db().checkpoint().unwrap(),
                1 | 2 => here.app.backups.ship().await.unwrap(),
                _ => {}
            }
        }
        if day % 9 == 4 {
            drop(tenant);
            here.restart(target.path()).await;
            tenant = here.app.tenants.by_slug("acme").await.unwrap();
        }
        // Snapshots are made in between, and their own entries are commits, too.
        here.app.backups.ship_all().await.unwrap();
        let midnight = start_ms() + (day + 1) * 86_400_000;
        here.time.fetch_max(midnight, Ordering::SeqCst);
        model.push((here.time.load(Ordering::SeqCst), tenant.db().commits(), rates(&tenant)));
        here.pass(1);
    }
    here.app.backups.ship_all().await.unwrap();
    let logs = std::fs::read_dir(target.path().join(tenant.id().as_str()).join("log")).unwrap().count();
    assert_eq!(logs, 1, "no restart and no checkpoint lost a commit, so one log holds all");

    let there = Box::start(&target.path().join("elsewhere")).await;
    there.time.store(here.time.load(Ordering::SeqCst), Ordering::SeqCst);
    let there = open(there.data.path(), target.path(), &there.time, |settings| settings.continuous = false).await;
    let span = here.time.load(Ordering::SeqCst) - model[0].0;
    for number in 0..50 {
        let moment = match number {
            0 => model[0].0,
            49 => here.time.load(Ordering::SeqCst),
            _ => model[0].0 + i64::try_from(dice.roll(u64::try_from(span).unwrap())).unwrap(),
        };
        let (_, _, expected) = model.iter().rev().find(|(at, _, _)| *at <= moment).unwrap();
        let wanted = over(if number == 0 { "acme" } else { tenant.id().as_str() });
        let wanted = Wanted { slug: Some("acme".to_owned()), ..wanted };
        let (done, reached) = there.backups.restore_at(when(moment), here.identity(), wanted, by()).await.unwrap();
        assert_eq!(&done.id, tenant.id());
        let found = there.tenants.by_slug("acme").await.unwrap();
        assert_eq!(&rates(&found), expected, "as of {} ({reached:?})", at(moment));
        assert_eq!(there.tenants.verify_events(&found).await.unwrap().fault, None);
        let of_model = model.iter().rev().find(|(at, _, _)| *at <= moment).unwrap().1;
        let next = model.iter().find(|(at, commits, _)| *at > moment && *commits > of_model);
        let next = next.map_or(i64::MAX, |(_, commits, _)| *commits);
        assert!(reached.commits >= of_model && reached.commits < next, "{reached:?}: {of_model} to {next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_box_comes_back_elsewhere_with_the_identity_and_the_target_alone() {
    a_lost_box_comes_back(&Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_box_comes_back_elsewhere_with_the_identity_and_the_store_alone() {
    a_lost_box_comes_back(&Place::store()).await;
}

/// An instance that reads what lies in a place and ships nothing there.
pub async fn reader(data: &Path, place: &Place, time: &Arc<AtomicI64>) -> App {
    open(data, &place.disk, time, |settings| {
        place.configure(settings);
        settings.continuous = false;
    })
    .await
}

async fn a_lost_box_comes_back(place: &Place) {
    let here = Box::at(place).await;
    let (acme, other) = (
        here.app.tenants.create("acme", "Acme").await.unwrap(),
        here.app.tenants.create("other", "Other").await.unwrap(),
    );
    for number in 0..30 {
        rate(&acme, number, number);
        rate(&other, number, 1000 + number);
        here.pass(700);
    }
    here.app.backups.ship_all().await.unwrap();
    let identity = here.identity();
    let (of_acme, of_other) = (rates(&acme), rates(&other));
    // What is committed after the last round is what may be lost.
    rate(&acme, 99, 99);
    let there = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(there.path(), None, true).unwrap();
    let mut from = backup::Settings::default();
    place.configure(&mut from);
    let now = at(here.time.load(Ordering::SeqCst));
    let (told, reached) =
        backup::restore_shipped_instance(there.path(), &master, (&from, None), (&identity, false), now).await.unwrap();
    assert!(told.chain.seq > 0 && reached.commits > 0);
    let there = reader(there.path(), place, &here.time).await;
    assert_eq!(there.tenants.instance().unwrap(), here.app.tenants.instance().unwrap());
    for (slug, expected) in [("acme", of_acme), ("other", of_other)] {
        let (done, _) = there.backups.restore_at(LATEST, identity.clone(), over(slug), by()).await.unwrap();
        assert_eq!((done.slug.as_str(), done.replaced), (slug, false));
        assert_eq!(rates(&there.tenants.by_slug(slug).await.unwrap()), expected);
    }
    let stranger = tempfile::tempdir().unwrap();
    let elsewhere = Box::start(stranger.path()).await;
    elsewhere.app.tenants.create("x", "X").await.unwrap();
    elsewhere.app.backups.ship_all().await.unwrap();
    let wrong = there.backups.plan_restore(LATEST, elsewhere.identity(), acme.id().as_str()).await;
    assert!(matches!(wrong, Err(Error::Invalid { code: "wrong_identity", .. })), "{wrong:?}");
}

/// A box with a log of some entries, and the moment of each.
pub async fn logged(target: &Path, rows: u64) -> (Box, Tenant, Vec<i64>) {
    filled(Box::start(target).await, rows).await
}

/// The same in a place of either kind.
pub async fn logged_at(place: &Place, rows: u64) -> (Box, Tenant, Vec<i64>) {
    filled(Box::at(place).await, rows).await
}

async fn filled(here: Box, rows: u64) -> (Box, Tenant, Vec<i64>) {
    let tenant = here.app.tenants.create("acme", "Acme").await.unwrap();
    here.app.backups.ship_all().await.unwrap();
    let mut moments = Vec::new();
    for number in 0..rows {
        moments.push(here.pass(1000));
        rate(&tenant, number, number);
        here.app.backups.ship_all().await.unwrap();
    }
    here.pass(120_000);
    (here, tenant, moments)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_flipped_bits_are_found_and_named() {
    flipped_bits_are_found(&Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_flipped_bits_in_a_store_are_found_and_named() {
    flipped_bits_are_found(&Place::store()).await;
}

async fn flipped_bits_are_found(place: &Place) {
    let (here, tenant, _) = logged_at(place, 6).await;
    let all = bundles(&place.disk, tenant.id().as_str());
    here.app.backups.plan_restore(LATEST, here.identity(), "acme").await.unwrap();
    here.app.close().await.unwrap();
    let reader = reader(here.data.path(), place, &here.time).await;
    let mut dice = Dice(60);
    for round in 0..60 {
        let path = &all[2 + usize::try_from(dice.roll(all.len() as u64 - 2)).unwrap()];
        let whole = std::fs::read(path).unwrap();
        let mut bent = whole.clone();
        let place = usize::try_from(dice.roll(bent.len() as u64)).unwrap();
        bent[place] ^= 1 << dice.roll(8);
        std::fs::write(path, &bent).unwrap();
        let found = reader.backups.check_log(Some(tenant.id())).await;
        let said = found.unwrap_err().to_string();
        assert!(said.contains("entry "), "round {round}, byte {place} of {}: {said}", path.display());
        std::fs::write(path, &whole).unwrap();
    }
    reader.backups.check_log(Some(tenant.id())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_swapped_foreign_or_cut_is_named_and_the_last_good_moment_needs_to_be_asked_for() {
    what_is_wrong_is_named(&Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_swapped_foreign_or_cut_in_a_store_is_named_too() {
    what_is_wrong_is_named(&Place::store()).await;
}

async fn what_is_wrong_is_named(place: &Place) {
    let (here, tenant, moments) = logged_at(place, 8).await;
    let other = here.app.tenants.create("other", "Other").await.unwrap();
    here.app.backups.ship_all().await.unwrap();
    let all = bundles(&place.disk, tenant.id().as_str());
    let foreign = std::fs::read(&bundles(&place.disk, other.id().as_str())[1]).unwrap();
    let (bent, neighbour) = (&all[all.len() - 4], &all[all.len() - 3]);
    let (whole, next) = (std::fs::read(bent).unwrap(), std::fs::read(neighbour).unwrap());
    let damages: [(&str, &dyn Fn()); 6] = [
        ("is missing", &|| std::fs::remove_file(bent).unwrap()),
        ("is empty", &|| std::fs::write(bent, b"").unwrap()),
        ("is cut short", &|| std::fs::write(bent, &whole[..whole.len() / 2]).unwrap()),
        ("in its place", &|| std::fs::write(bent, &next).unwrap()),
        ("is of another store", &|| std::fs::write(bent, &foreign).unwrap()),
        ("is no entry", &|| std::fs::write(bent, [0, 0, 0, 4, 1, 2, 3, 4]).unwrap()),
    ];
    let last = *moments.last().unwrap();
    for (named, damage) in damages {
        damage();
        let refused = here.app.backups.plan_restore(when(last), here.identity(), "acme").await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(named) && said.contains("good until"), "{named}: {said}");
        let before = here.app.backups.plan_restore(when(moments[2]), here.identity(), "acme").await.unwrap();
        assert_eq!(before.at, at(moments[2]), "{named}: what is before it comes back");
        let told = When { last_good: true, ..when(last) };
        let good = here.app.backups.plan_restore(told, here.identity(), "acme").await.unwrap();
        assert!(good.at < at(last) && good.remarks.iter().any(|remark| remark.contains(named)), "{good:?}");
        std::fs::write(bent, &whole).unwrap();
    }
    here.app.backups.plan_restore(when(last), here.identity(), "acme").await.unwrap();
    let early = here.app.backups.plan_restore(when(start_ms() - 1), here.identity(), "acme").await;
    assert!(early.unwrap_err().to_string().contains("begins only at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_exchanged_begins_a_new_log_and_both_sides_of_it_come_back() {
    both_sides_of_an_exchange_come_back(&Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_of_an_exchange_come_back_out_of_a_bucket_too() {
    both_sides_of_an_exchange_come_back(&Place::store()).await;
}

async fn both_sides_of_an_exchange_come_back(place: &Place) {
    let (here, tenant, moments) = logged_at(place, 5).await;
    let before = rates(&tenant);
    drop(tenant);
    let backups = &here.app.backups;
    let (done, _) = backups.restore_at(when(moments[1]), here.identity(), over("acme"), by()).await.unwrap();
    assert!(done.replaced);
    let tenant = here.app.tenants.by_slug("acme").await.unwrap();
    assert_eq!(rates(&tenant).len(), 2);
    backups.ship_all().await.unwrap();
    let after = here.pass(1000);
    rate(&tenant, 77, 77);
    backups.ship_all().await.unwrap();
    here.pass(120_000);
    let expected = rates(&tenant);
    let logs = std::fs::read_dir(place.disk.join(tenant.id().as_str()).join("log")).unwrap().count();
    assert_eq!(logs, 2, "the store that was exchanged has a log of its own");
    drop(tenant);
    let of = async |ms: i64| {
        let aside = Wanted { slug: Some(format!("as-of-{ms}")), ..over("acme") };
        let (done, _) = here.app.backups.restore_at(when(ms), here.identity(), aside, by()).await.unwrap();
        rates(&here.app.tenants.by_slug(&done.slug).await.unwrap())
    };
    assert_eq!(of(*moments.last().unwrap()).await, before, "as of before the exchange");
    assert_eq!(of(after).await, expected, "as of after it");
}
