//! Attacks on keys and passwords.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;

use super::passwords::Line;
use super::*;

fn master() -> (tempfile::TempDir, MasterKey) {
    let folder = tempfile::tempdir().unwrap();
    let (key, source) = MasterKey::load(folder.path(), None, true).unwrap();
    assert_eq!(source, KeySource::NewFile(folder.path().join("master.key")));
    (folder, key)
}

#[test]
fn makes_the_key_file_once_for_its_owner_alone() {
    let (folder, key) = master();
    let path = folder.path().join("master.key");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (again, source) = MasterKey::load(folder.path(), None, true).unwrap();
    assert_eq!(source, KeySource::File(path));
    assert_eq!(*key.derive("x"), *again.derive("x"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft of the key stays behind");
}

#[test]
fn refuses_a_key_file_that_others_can_read_and_says_what_to_do() {
    let (folder, _) = master();
    let path = folder.path().join("master.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = format!("{:#}", MasterKey::load(folder.path(), None, true).unwrap_err());
    assert!(error.contains("mode 0640") && error.contains("chmod 600"), "{error}");
}

#[test]
fn does_not_make_a_second_key_for_a_folder_that_has_stores() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("control.db"), "sealed under the lost key").unwrap();
    let error = format!("{:#}", MasterKey::load(folder.path(), None, true).unwrap_err());
    assert!(error.contains("put") && error.contains("back"), "{error}");
    assert!(!folder.path().join("master.key").exists());
}

#[test]
fn makes_no_key_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    MasterKey::load(folder.path(), None, false).unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn reads_hex_and_base64_and_nothing_weaker() {
    let folder = tempfile::tempdir().unwrap();
    let load = |text: &str| MasterKey::load(folder.path(), Some(SecretString::from(text)), false);
    let hex = load("000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n").unwrap();
    assert_eq!(hex.1, KeySource::Environment);
    let base64 = load("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap().0;
    assert_eq!(*hex.0.derive("x"), *base64.derive("x"));
    for weak in ["", "secret", "zz0102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", "AAECAwQ="] {
        let error = format!("{:#}", load(weak).unwrap_err());
        assert!(error.contains("openssl rand -hex 32"), "{error}");
        assert!(weak.is_empty() || !error.contains(weak), "the error prints the key: {error}");
    }
}

#[test]
fn a_wrapped_key_opens_for_its_own_tenant_under_its_own_master_alone() {
    let (_a, master_a) = master();
    let (_b, master_b) = master();
    let key = TenantKey::random();
    let wrapped = master_a.wrap("tenant-1", &key);
    assert_eq!(*master_a.unwrap("tenant-1", &wrapped).unwrap().derive(Purpose::Store), *key.derive(Purpose::Store));
    master_a.unwrap("tenant-2", &wrapped).unwrap_err();
    master_b.unwrap("tenant-1", &wrapped).unwrap_err();
    for at in 0..wrapped.len() {
        let mut bent = wrapped.clone();
        bent[at] ^= 1;
        master_a.unwrap("tenant-1", &bent).unwrap_err();
    }
    for len in 0..wrapped.len() {
        master_a.unwrap("tenant-1", &wrapped[..len]).unwrap_err();
    }
    assert_ne!(wrapped, master_a.wrap("tenant-1", &key), "a nonce is used twice");
}

#[test]
fn every_purpose_has_its_own_key() {
    let (_folder, master) = master();
    let key = TenantKey::random();
    let all = [
        Purpose::Store,
        Purpose::Tokens,
        Purpose::Snapshots,
        Purpose::Backup,
        Purpose::CustomerIdentity,
        Purpose::Warehouse,
        Purpose::ApiKeys,
        Purpose::SecondFactor,
        Purpose::Log,
        Purpose::Events,
    ];
    let mut keys: Vec<_> = all.iter().map(|purpose| *key.derive(*purpose)).collect();
    keys.push(*master.derive("control.db"));
    keys.push(*master.derive("jwt"));
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all.len() + 2);
}

#[test]
fn a_part_made_anew_changes_what_is_under_it_and_no_keyed_hash() {
    let (_folder, master) = master();
    let old = TenantKey::random();
    let (store, both) = (old.renewed(false), old.renewed(true));
    let all = |key: &TenantKey| [Purpose::Store, Purpose::Tokens, Purpose::SecondFactor].map(|p| *key.derive(p));
    let same = |a: &TenantKey, b: &TenantKey| [0, 1, 2].map(|at| all(a)[at] == all(b)[at]);
    assert_eq!(same(&old, &store), [false, true, true]);
    assert_eq!(same(&old, &both), [false, false, false]);
    for key in [&store, &both] {
        for purpose in [Purpose::CustomerIdentity, Purpose::ApiKeys] {
            assert_eq!(*old.derive(purpose), *key.derive(purpose));
        }
        assert_eq!(old.mac(Purpose::SecondFactor, b"a code"), key.mac(Purpose::SecondFactor, b"a code"));
        let back = master.unwrap("tenant-1", &master.wrap("tenant-1", key)).unwrap();
        assert_eq!(same(key, &back), [true; 3]);
        assert_eq!(*back.derive(Purpose::ApiKeys), *old.derive(Purpose::ApiKeys));
    }
    assert_eq!((old.to_bytes().len(), both.to_bytes().len()), (32, 96), "a key that was never made anew is as it was");
    for len in [0, 31, 33, 64, 95, 97, 128] {
        assert!(TenantKey::from_bytes(&vec![7; len]).is_none(), "{len}");
    }
}

#[test]
fn debug_prints_give_nothing_away() {
    let (_folder, master) = master();
    assert_eq!(format!("{master:?} {:?}", TenantKey::random()), "MasterKey(hidden) TenantKey(hidden)");
}

#[test]
fn compares_secrets_of_any_length() {
    assert!(constant_time_eq(b"abc", b"abc"));
    assert!(!constant_time_eq(b"abc", b"abd"));
    assert!(!constant_time_eq(b"abc", b"abcd"));
}

#[tokio::test]
async fn hashes_verify_and_unknown_users_do_not() {
    let hash = hash_password("correct horse".into()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(verify_password("correct horse".into(), Some(hash.clone())).await.unwrap());
    assert!(!verify_password("correct hors".into(), Some(hash.clone())).await.unwrap());
    assert!(!verify_password("correct horse".into(), None).await.unwrap());
    assert_ne!(hash, hash_password("correct horse".into()).await.unwrap(), "a salt is used twice");
    verify_password("x".into(), Some("not a hash".into())).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_sent_away_two_run_at_a_time_and_the_queue_empties_again() {
    // A line of its own: the process's is in use by other tests.
    static LINE: Line = Line::new();
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
    let crowd: Vec<_> = (0..60)
        .map(|_| {
            let gate = std::sync::Arc::clone(&gate);
            tokio::spawn(LINE.run(move || {
                assert!(RUNNING.fetch_add(1, Ordering::SeqCst) < 2, "more than two run");
                // Waits until the test lets go, so that all sixty have come.
                let _ = gate.lock().unwrap().recv();
                RUNNING.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }))
        })
        .collect();
    while crowd.iter().filter(|one| one.is_finished()).count() < 10 {
        tokio::task::yield_now().await;
    }
    drop(release);
    let mut sent_away = 0;
    for one in crowd {
        match one.await.unwrap() {
            Ok(()) => {}
            Err(crate::error::Error::Unavailable { code: "sign_in_busy", .. }) => sent_away += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(sent_away, 10);
    LINE.run(|| Ok(())).await.unwrap();
}
