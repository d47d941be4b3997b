//! `backup …` and `restore`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{author, listed, missing, said};
use crate::app::App;
use crate::backup::{Archive, IDENTITY_FILE, Identity, Made, Seal, Wanted};
use crate::cli::command::{Outcome, Password, Upload};
use crate::error::{Error, Result};
use crate::tenants::TenantInfo;

/// An archive that a command is about.
pub(super) enum Given {
    /// Its bytes are on their way.
    Follows(Upload),
    /// It lies in the store, under this address or name.
    Stored(String),
}

/// Backs one tenant up, or all of them and the instance. A tenant that fails does not keep the rest from it.
pub(super) async fn make(app: &App, tenant: Option<&str>, to: Option<&Path>) -> Result<Outcome> {
    let (mut lines, mut made, mut failed, mut seal) = (Vec::new(), Vec::new(), Vec::new(), None);
    for info in chosen(app, tenant).await? {
        let outcome = match app.tenants.open(&info.id).await {
            Ok(tenant) => app.backups.make(&tenant, to, author()).await,
            Err(error) => Err(error),
        };
        note(&info.slug, outcome, (&mut lines, &mut made, &mut failed), &mut seal);
    }
    if tenant.is_none() {
        let outcome = app.backups.make_of_instance(to, author()).await;
        note("(instance)", outcome, (&mut lines, &mut made, &mut failed), &mut seal);
    }
    let seal = seal.as_ref();
    lines.extend(seal.map(about));
    let json = json!({
        "ok": failed.is_empty(), "made": made, "failed": failed,
        "sealed_for": seal.map(|seal| seal.recipient.to_string()),
        "identity_file": seal.and_then(|seal| seal.identity.as_ref()),
        "identity_made": seal.is_some_and(|seal| seal.is_new),
    });
    said(lines.join("\n"), json)
}

type Told<'a> = (&'a mut Vec<String>, &'a mut Vec<Value>, &'a mut Vec<Value>);

fn note(name: &str, outcome: Result<Made>, (lines, made, failed): Told<'_>, seal: &mut Option<Seal>) {
    match outcome {
        Ok(done) => {
            let (file, bytes, rows) = (done.archive.path.display(), done.archive.bytes, done.manifest.rows());
            lines.push(format!("{name}: {rows} rows in {bytes} bytes, {} ms: {file}", done.took_ms));
            made.push(json!({
                "tenant": name, "file": done.archive.path, "bytes": bytes, "rows": rows, "at": done.archive.at,
                "data_version": done.manifest.data_version, "took_ms": done.took_ms,
            }));
            // The first one tells whether the key pair is new.
            seal.get_or_insert(done.seal);
        }
        Err(error) => {
            lines.push(format!("{name}: FAILED: {error}"));
            failed.push(json!({ "tenant": name, "error": error.to_string() }));
        }
    }
}

/// Whoever makes backups must know what opens them, and where that lies.
fn about(seal: &Seal) -> String {
    let sealed = format!("Sealed for {}.", seal.recipient);
    match &seal.identity {
        Some(path) if seal.is_new => format!(
            "{sealed}\nNo recipient was configured, so a key pair was made. Its private half is {}\n\
             Move that file to another machine or a safe: without it no backup can be opened, and while it lies here, \
             whoever takes this machine can open them all.",
            path.display()
        ),
        Some(path) => format!(
            "{sealed} The private half still lies here: {}. Keep it elsewhere: it is lost with this machine.",
            path.display()
        ),
        None => sealed,
    }
}

pub(super) async fn list(app: &App, tenant: Option<&str>, to: Option<&Path>) -> Result<Outcome> {
    let mut all: Vec<(String, Archive)> = Vec::new();
    for info in chosen(app, tenant).await? {
        all.extend(app.backups.list(&info.id, to).await?.into_iter().map(|archive| (info.slug.clone(), archive)));
    }
    if tenant.is_none() {
        let own = app.backups.list_of_instance(to).await?;
        all.extend(own.into_iter().map(|archive| ("(instance)".to_owned(), archive)));
    }
    let row = |(name, archive): &(String, Archive)| {
        vec![name.clone(), archive.at.to_string(), archive.bytes.to_string(), archive.path.display().to_string()]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let json: Vec<Value> = all
        .iter()
        .map(
            |(name, archive)| json!({ "tenant": name, "at": archive.at, "bytes": archive.bytes, "file": archive.path }),
        )
        .collect();
    let none = format!("There is no backup in {} yet. Next: pulsepoint backup", app.backups.target(to).describe());
    listed(&["tenant", "at", "bytes", "file"], &rows, &none, json!({ "backups": json }))
}

/// Restores a tenant from the archive that is given.
pub(super) async fn restore(app: &App, wanted: Wanted, key: Password, given: Given) -> Result<Outcome> {
    let identity = Identity::parse(key.0.expose_secret())?;
    let (_scratch, path) = receive(app, given).await?;
    let done = app.backups.restore(path, identity, wanted, author()).await?;
    let how = if done.replaced { "in the place of what was there" } else { "as a new tenant here" };
    let mut text = format!(
        "Restored tenant {} {how}: {} rows as of {}. Everybody has to sign in again.",
        done.slug,
        done.manifest.rows(),
        done.manifest.made_at
    );
    if !done.elsewhere.is_empty() {
        text.push_str(&format!(
            "\nThese e-mails belong to another tenant here and cannot sign in to this one: {}",
            done.elsewhere.join(", ")
        ));
    }
    said(
        text,
        json!({
            "id": done.id, "slug": done.slug, "replaced": done.replaced, "rows": done.manifest.rows(),
            "at": done.manifest.made_at, "cannot_sign_in": done.elsewhere,
        }),
    )
}

/// The archive as it arrives, sealed as it is, in a folder that goes with the guard.
pub(super) async fn receive(app: &App, given: Given) -> Result<(tempfile::TempDir, PathBuf)> {
    let mut file = match given {
        Given::Stored(name) => return app.backups.fetch(&name).await,
        Given::Follows(file) => file,
    };
    let scratch = app.tenants.scratch()?;
    let path = scratch.path().join("archive");
    let taking = "taking the archive in";
    let mut to = tokio::fs::File::create(&path).await.context(taking)?;
    tokio::io::copy(&mut file, &mut to).await.context(taking)?;
    to.sync_all().await.context(taking)?;
    Ok((scratch, path))
}

pub(super) fn identity(app: &App, key: Option<Password>) -> Result<Identity> {
    match key {
        Some(key) => Identity::parse(key.0.expose_secret()),
        None => {
            let path = app.tenants.data_folder().join(IDENTITY_FILE);
            if !path.exists() {
                return Err(Error::from(anyhow!(
                    "the private half of the key pair is not on this machine: name its file with --identity"
                )));
            }
            Identity::read(&path)
        }
    }
}

/// One tenant or all, whether their stores open or not.
pub(super) async fn chosen(app: &App, tenant: Option<&str>) -> Result<Vec<TenantInfo>> {
    let Some(slug) = tenant else { return app.tenants.list().await };
    match app.tenants.find(slug).await? {
        Some(info) => Ok(vec![info]),
        None => Err(missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`"))),
    }
}
