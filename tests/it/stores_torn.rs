//! Logs that end in zeros, have a bit turned or are cut, and stores with a bit turned: never an older state without a word, and the
//! other tenant does not notice.

use std::path::{Path, PathBuf};

use pulsepoint::error::Error;
use pulsepoint::tenants::TenantId;

use crate::support::disk::Chance;
use crate::tenants::{brands, start, write_brand};

const TRIALS: u64 = 60;

/// A data folder as a kill leaves it: the victim's log holds what was acknowledged, and `control.db` remembers how far it was.
struct Killed {
    folder: tempfile::TempDir,
    victim: TenantId,
    other: TenantId,
}

async fn killed() -> Killed {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tenants = start(data.path());
    let (victim, other) = (tenants.create("victim", "V").await.unwrap(), tenants.create("other", "O").await.unwrap());
    for name in ["first", "second", "third", "fourth"] {
        write_brand(&victim, name).await;
    }
    write_brand(&other, "of-other").await;
    let id = victim.id().to_string();
    let remembered = || {
        let sql = "select commits from tenants where id = ?1";
        tenants.control().read_blocking(|conn| Ok(conn.query_row(sql, [&id], |row| row.get::<_, i64>(0))?)).unwrap()
    };
    while remembered() < victim.db().commits() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    copy(data.path(), folder.path());
    Killed { folder, victim: victim.id().clone(), other: other.id().clone() }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else if !entry.path().to_string_lossy().ends_with("-shm") {
            // Whoever still reads a closed store lets go of it soon, and its log, which is empty, goes then.
            match std::fs::copy(entry.path(), target) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}

impl Killed {
    fn file(&self, data: &Path, name: &str) -> PathBuf {
        data.join("tenants").join(self.victim.as_str()).join(name)
    }

    /// Spoils a copy and opens it: how often the damage was told, be it at opening, be it when all of it is read.
    async fn told(&self, name: &str, spoil: impl Fn(&mut Vec<u8>, &mut Chance)) -> u64 {
        let mut told = 0;
        for trial in 0..TRIALS {
            let data = tempfile::tempdir().unwrap();
            copy(self.folder.path(), data.path());
            let path = self.file(data.path(), name);
            let mut bytes = std::fs::read(&path).unwrap();
            assert!(bytes.len() > 8_192, "{name} holds something");
            spoil(&mut bytes, &mut Chance::new(trial));
            std::fs::write(&path, bytes).unwrap();
            let tenants = start(data.path());
            match tenants.open(&self.victim).await {
                Err(Error::Unavailable { code: "tenant_set_aside", .. }) => told += 1,
                Err(error) => panic!("{name}, trial {trial}: {error:?}"),
                // As the daily backup does it.
                Ok(tenant) => match tenant.db().copy_to(&data.path().join("copy")) {
                    Err(_) => told += 1,
                    Ok(()) => eprintln!("{name}, trial {trial}: nobody noticed"),
                },
            }
            assert_eq!(brands(&tenants.open(&self.other).await.unwrap()).await, ["of-other"], "{name}, trial {trial}");
        }
        told
    }
}

fn turn(bytes: &mut [u8], chance: &mut Chance) {
    let at = usize::try_from(chance.below(bytes.len() as u64)).unwrap();
    bytes[at] ^= 1 << chance.below(8);
}

fn somewhere(bytes: &[u8], chance: &mut Chance) -> usize {
    usize::try_from(chance.below(bytes.len() as u64 - 64)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_in_zeros_is_told() {
    let zeros = |bytes: &mut Vec<u8>, chance: &mut Chance| {
        let at = somewhere(bytes, chance);
        bytes[at..].fill(0);
    };
    assert_eq!(killed().await.told("store.db-wal", zeros).await, TRIALS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_a_turned_bit_is_told() {
    let told = killed().await.told("store.db-wal", |bytes, chance| turn(bytes, chance)).await;
    assert_eq!(told, TRIALS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_cut_is_told() {
    let cut = |bytes: &mut Vec<u8>, chance: &mut Chance| bytes.truncate(somewhere(bytes, chance));
    assert_eq!(killed().await.told("store.db-wal", cut).await, TRIALS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_a_turned_bit_is_told() {
    let killed = killed().await;
    // Without its log, for that holds some of its pages anew.
    let (tenants, id) = (start(killed.folder.path()), killed.victim.clone());
    tenants.open(&id).await.unwrap().db().checkpoint().unwrap();
    tenants.close_all().await.unwrap();
    drop(tenants);
    let told = killed.told("store.db", |bytes, chance| turn(bytes, chance)).await;
    assert_eq!(told, TRIALS);
}
