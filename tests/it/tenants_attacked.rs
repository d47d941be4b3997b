//! Stores that were cut, emptied, swapped or replaced by older ones; wrong keys; crashes in the middle of making and
//! deleting.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pulsepoint::clock::Clock;
use pulsepoint::error::Error;
use pulsepoint::events::{self, Entry, FaultKind};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Settings, TenantId, Tenants};

use crate::tenants::{brands, start, write_brand};

struct Two {
    data: tempfile::TempDir,
    victim: TenantId,
    other: TenantId,
}

/// Two tenants with a brand each, closed.
async fn two() -> Two {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (victim, other) = (tenants.create("victim", "V").await.unwrap(), tenants.create("other", "O").await.unwrap());
    write_brand(&victim, "of-victim").await;
    write_brand(&other, "of-other").await;
    let ids = (victim.id().clone(), other.id().clone());
    drop((victim, other));
    stop(tenants).await;
    Two { data, victim: ids.0, other: ids.1 }
}

/// Closes everything for good, as the end of a process would.
async fn stop(tenants: Tenants) {
    tenants.close_all().await.unwrap();
    let folder = tenants.control().path().parent().unwrap().join("tenants");
    for _ in 0..500 {
        let log = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().path().join("store.db-wal");
        // A store that was looked at and refused may leave an empty log.
        let open = |path: PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0);
        if !std::fs::read_dir(&folder).unwrap().map(log).any(open) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a tenant is still open");
}

impl Two {
    fn store(&self, id: &TenantId) -> PathBuf {
        self.data.path().join("tenants").join(id.as_str()).join("store.db")
    }

    /// The victim is set aside, untouched, with a reason that says `reason`; the other serves.
    async fn victim_is_set_aside(&self, reason: &str) {
        let before = std::fs::read(self.store(&self.victim)).ok();
        let tenants = start(self.data.path());
        for _ in 0..2 {
            let refused = tenants.open(&self.victim).await;
            let Err(Error::Unavailable { code: "tenant_set_aside", reason: told, .. }) = &refused else {
                panic!("{refused:?}");
            };
            assert!(!told.contains('/') && !told.contains(self.victim.as_str()), "tells a stranger too much: {told}");
        }
        assert_eq!(brands(&tenants.open(&self.other).await.unwrap()).await, ["of-other"]);
        let listed = tenants.list().await.unwrap();
        let why = listed.iter().find(|info| info.id == self.victim).unwrap().set_aside.clone().unwrap();
        assert!(why.contains(reason), "{why}");
        assert_eq!(before, std::fs::read(self.store(&self.victim)).ok(), "the store was touched");
        stop(tenants).await;
    }

    async fn victim_serves(&self) {
        let tenants = start(self.data.path());
        assert_eq!(brands(&tenants.open(&self.victim).await.unwrap()).await, ["of-victim"]);
        assert_eq!(tenants.list().await.unwrap().iter().filter(|info| info.set_aside.is_some()).count(), 0);
        stop(tenants).await;
    }
}

#[tokio::test]
async fn a_store_that_is_not_as_it_should_be_is_set_aside_and_the_others_serve() {
    let two = two().await;
    let path = two.store(&two.victim);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, b"").unwrap();
    two.victim_is_set_aside("is empty").await;
    std::fs::write(&path, &whole[..5_000]).unwrap();
    two.victim_is_set_aside("is damaged").await;
    std::fs::write(&path, vec![0; whole.len()]).unwrap();
    two.victim_is_set_aside("is damaged").await;
    std::fs::write(&path, [b"SQLite format 3\0".as_slice(), &whole[16..]].concat()).unwrap();
    two.victim_is_set_aside("not encrypted").await;
    std::fs::copy(two.store(&two.other), &path).unwrap();
    two.victim_is_set_aside("is the store of tenant \"other\"").await;
    std::fs::remove_file(&path).unwrap();
    two.victim_is_set_aside("is missing").await;
    std::fs::write(&path, &whole).unwrap();
    two.victim_serves().await;
}

#[tokio::test]
async fn an_older_copy_is_set_aside() {
    let two = two().await;
    let older = std::fs::read(two.store(&two.victim)).unwrap();
    let tenants = start(two.data.path());
    write_brand(&tenants.open(&two.victim).await.unwrap(), "newer").await;
    stop(tenants).await;
    let newer = std::fs::read(two.store(&two.victim)).unwrap();
    std::fs::write(two.store(&two.victim), older).unwrap();
    two.victim_is_set_aside("is older than it was").await;
    std::fs::write(two.store(&two.victim), newer).unwrap();
    let tenants = start(two.data.path());
    assert_eq!(brands(&tenants.open(&two.victim).await.unwrap()).await, ["newer", "of-victim"]);
}

#[tokio::test]
async fn a_store_that_rots_while_open_is_set_aside_at_the_next_asking() {
    let two = two().await;
    let tenants = start(two.data.path());
    let path = two.store(&two.victim);
    let mut bent = std::fs::read(&path).unwrap();
    let from = bent.len() / 2;
    bent[from..].fill(7);
    std::fs::write(&path, &bent).unwrap();
    let tenant = tenants.open(&two.victim).await;
    if let Ok(tenant) = tenant {
        let read =
            tenant.db().read(|conn| Ok(conn.query_row("pragma integrity_check", [], |row| row.get::<_, String>(0))?));
        assert_ne!(read.await.unwrap_or_default(), "ok");
    }
    assert_eq!(brands(&tenants.open(&two.other).await.unwrap()).await, ["of-other"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counter_is_remembered_without_a_polite_stop() {
    let two = two().await;
    let older = std::fs::read(two.store(&two.victim)).unwrap();
    let tenants = start(two.data.path());
    let tenant = tenants.open(&two.victim).await.unwrap();
    write_brand(&tenant, "newer").await;
    let id = two.victim.clone();
    let remembered = move || {
        let id = id.clone();
        tenants.control().read_blocking(|conn| {
            Ok(conn.query_row("select commits from tenants where id = ?1", [id.as_str()], |row| row.get::<_, i64>(0))?)
        })
    };
    let started = std::time::Instant::now();
    while remembered().unwrap() < tenant.db().commits() {
        assert!(started.elapsed() < Duration::from_secs(60), "not remembered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // As after a kill: the old copy lies there, without a log.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(two.data.path(), copy.path());
    let store = copy.path().join("tenants").join(two.victim.as_str()).join("store.db");
    std::fs::write(&store, older).unwrap();
    std::fs::remove_file(store.with_extension("db-wal")).unwrap();
    let refused = start(copy.path()).open(&two.victim).await;
    assert!(matches!(refused, Err(Error::Unavailable { code: "tenant_set_aside", .. })), "{refused:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else if !entry.path().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_wrong_master_key_says_so_and_touches_nothing() {
    let two = two().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (wrong, _) = MasterKey::load(elsewhere.path(), None, true).unwrap();
    let control = std::fs::read(two.data.path().join("control.db")).unwrap();
    let error = Tenants::start(two.data.path(), wrong, Clock::system(), &Settings::default()).unwrap_err();
    assert!(format!("{error:#}").contains("the master key does not open"), "{error:#}");
    assert_eq!(control, std::fs::read(two.data.path().join("control.db")).unwrap());
    two.victim_serves().await;
}

#[tokio::test]
async fn a_lost_or_empty_control_file_is_never_made_anew_beside_tenants() {
    let two = two().await;
    let path = two.data.path().join("control.db");
    let whole = std::fs::read(&path).unwrap();
    let start = || {
        let (master, _) = MasterKey::load(two.data.path(), None, true).unwrap();
        let error = Tenants::start(two.data.path(), master, Clock::system(), &Settings::default()).unwrap_err();
        format!("{error:#}")
    };
    std::fs::write(&path, b"").unwrap();
    assert!(start().contains("is empty"));
    std::fs::remove_file(&path).unwrap();
    assert!(start().contains("is missing although there are tenants"));
    std::fs::write(&path, whole).unwrap();
    two.victim_serves().await;
}

#[tokio::test]
async fn a_wrapped_key_moved_to_another_tenant_does_not_open() {
    let two = two().await;
    let tenants = start(two.data.path());
    let (victim, other) = (two.victim.to_string(), two.other.to_string());
    tenants
        .control()
        .write(move |tx| {
            let sql = "update tenants set wrapped_key = (select wrapped_key from tenants where id = ?1) where id = ?2";
            Ok(tx.execute(sql, (other, victim))?)
        })
        .await
        .unwrap();
    tenants.open(&two.victim).await.expect_err("another tenant's key opened a store");
    tenants.open(&two.other).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_left_half_made_or_half_deleted_is_finished_at_the_next_start() {
    let two = two().await;
    let tenants = start(two.data.path());
    let whole = tenants.create("whole", "W").await.unwrap().id().clone();
    let half = tenants.create("half", "H").await.unwrap().id().clone();
    let (whole_text, half_text, dying) = (whole.to_string(), half.to_string(), two.victim.to_string());
    tenants
        .control()
        .write(move |tx| {
            tx.execute("update tenants set state = 'creating' where id in (?1, ?2)", (whole_text, half_text))?;
            Ok(tx.execute("update tenants set state = 'deleting' where id = ?1", [dying])?)
        })
        .await
        .unwrap();
    stop(tenants).await;
    let folder = two.data.path().join("tenants");
    std::fs::rename(folder.join(half.as_str()), folder.join(format!(".new-{half}"))).unwrap();

    let tenants = start(two.data.path());
    let mut slugs: Vec<_> = tenants.list().await.unwrap().into_iter().map(|info| info.slug).collect();
    slugs.sort();
    assert_eq!(slugs, ["other", "whole"]);
    tenants.open(&whole).await.unwrap();
    let mut folders: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    folders.sort();
    let mut expected = [two.other.as_str(), whole.as_str()];
    expected.sort_unstable();
    assert_eq!(folders, expected);
    tenants.create("half", "H").await.unwrap();
}

#[tokio::test]
async fn a_cut_event_chain_shows_against_what_control_remembers() {
    let two = two().await;
    let tenants = start(two.data.path());
    let tenant = tenants.open(&two.victim).await.unwrap();
    let tell = |actor: &'static str, times: i64| {
        tenant.db().write(move |tx| {
            let entry = Entry { kind: "x.done", actor, subject: None, request_id: None, ip: None, data: ().into() };
            (0..times).try_for_each(|_| events::append(tx, jiff::Timestamp::UNIX_EPOCH, &entry).map(drop))
        })
    };
    tell("user:1", 10).await.unwrap();
    tenants.close_all().await.unwrap();
    let verdict = tenants.verify_events(&tenant).await.unwrap();
    assert_eq!((verdict.entries, verdict.fault), (10, None));
    tenant.db().write(|tx| Ok(tx.execute("delete from events where seq > 6", [])?)).await.unwrap();
    tell("user:2", 8).await.unwrap();
    // Taking down the new head must not paper over it.
    tenants.close_all().await.unwrap();
    let fault = tenants.verify_events(&tenant).await.unwrap().fault.unwrap();
    assert_eq!((fault.seq, fault.kind), (10, FaultKind::Replaced));
}

#[tokio::test]
async fn nothing_lies_in_clear_and_nothing_prints_a_secret() {
    let two = two().await;
    let tenants = start(two.data.path());
    let tenant = tenants.open(&two.victim).await.unwrap();
    tenants.register_email("canary@example.com", tenant.id()).await.unwrap();
    let signing = tenants.jwt_keys();
    let printed = format!("{tenants:?} {tenant:?} {:?} {signing:?}", tenant.key());
    assert_eq!(printed.matches("hidden").count(), 1, "{printed}");
    assert!(printed.len() < 400, "{printed}");
    let mut files = 0;
    walk(two.data.path(), &mut |path| {
        files += 1;
        let bytes = std::fs::read(path).unwrap();
        let secrets: [&[u8]; 5] =
            [b"of-victim", b"canary@example.com", b"create table", signing[0].secret(), b"SQLite format"];
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
        }
    });
    assert!(files >= 6, "{files}");
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, see) } else { see(&path) }
    }
}
