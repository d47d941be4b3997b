//! A rehearsal: an archive is restored into a scratch folder and checked, and nothing else happens.

use std::path::PathBuf;
use std::time::Instant;

use super::keys::Identity;
use super::manifest::Manifest;
use super::{Backups, archive, check};
use crate::error::Result;

/// What a rehearsal found.
#[derive(Debug)]
pub struct Verdict {
    /// The archive.
    pub file: PathBuf,
    /// What it says of itself, if it is sound; else the sentence why it is not.
    pub outcome: Result<Manifest, String>,
    /// How long it took.
    pub took_ms: u64,
}

impl Backups {
    /// Restores an archive into a scratch folder, checks the whole of it and forgets it. Fails only where it could not look.
    pub async fn verify(&self, file: PathBuf, identity: Identity) -> Result<Verdict> {
        let _turn = self.turn().await;
        let scratch = self.tenants().scratch().map_err(super::for_the_caller)?;
        let (begun, fetched) = (Instant::now(), self.at_hand(file.clone()).await?);
        super::unhurried(move || {
            let outcome =
                archive::open(fetched.path(), &identity).and_then(|opened| check::unpack(opened, scratch.path()));
            let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let outcome = outcome.map(|(manifest, _)| manifest).map_err(|error| error.to_string());
            Ok(Verdict { file, outcome, took_ms })
        })
        .await
    }
}
