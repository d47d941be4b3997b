//! `keys …`.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::{listed, missing, said};
use crate::app::App;
use crate::backup::Renewed;
use crate::cli::command::{Outcome, Password};
use crate::cli::keys_args::Which;
use crate::error::{Error, Result};
use crate::rotation::{self, Key, OLD};
use crate::secrets::KeySource;
use crate::tenants::{Steps, TenantInfo};

pub(super) async fn list(app: &App) -> Result<Outcome> {
    let keys = all(app).await?;
    let row = |key: &Key| {
        let made = key.made_at.map_or_else(|| "set by backup.recipient".to_owned(), |at| format!("{at:.0}"));
        let age = key.age_days.map_or_else(String::new, |days| format!("{days} days"));
        let say = if key.old { "old: make it anew" } else { "" };
        vec![key.key.to_owned(), key.tenant.clone().unwrap_or_default(), made, age, say.to_owned()]
    };
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    listed(&["key", "tenant", "made", "age", ""], &rows, "", json!({ "keys": keys }))
}

/// What the doctor is told.
pub(super) async fn state(app: &App) -> Result<Value> {
    Ok(json!({ "keys": all(app).await?, "old_after_days": OLD.as_hours() / 24 }))
}

async fn all(app: &App) -> Result<Vec<Key>> {
    rotation::keys(&app.tenants, &app.backups, app.clock.system_time()).await
}

/// How the rotations went.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    rotated: Vec<Value>,
    failed: Vec<Value>,
}

impl Told {
    fn note<T>(&mut self, key: &str, tenant: Option<&str>, outcome: Result<T>, say: impl FnOnce(T) -> String) {
        let of = tenant.map_or_else(String::new, |tenant| format!(" of {tenant}"));
        match outcome {
            Ok(done) => {
                self.lines.push(format!("{key}{of}: {}", say(done)));
                self.rotated.push(json!({ "key": key, "tenant": tenant }));
            }
            Err(error) => {
                self.lines.push(format!("{key}{of}: FAILED: {error}"));
                self.failed.push(json!({ "key": key, "tenant": tenant, "error": error.to_string() }));
            }
        }
    }
}

/// Makes keys anew. What is wrong from the start is refused before anything is changed; a tenant that fails does not keep the
/// others from it.
pub(super) async fn rotate(app: &App, which: Which, tenant: Option<&str>, new: Option<Password>) -> Result<Outcome> {
    let new = new.map(SecretString::from);
    let has = |one: Which| which == one || which == Which::All;
    let chosen = chosen(app, which, tenant).await?;
    if has(Which::Master) {
        app.tenants.check_new_master(new.as_ref())?;
    }
    let mut told = Told::default();
    if has(Which::Signing) {
        let done = app.auth.rotate_signing().await;
        told.note("signing", None, done, |()| "new; tokens that are out stay good until they end".to_owned());
    }
    for info in chosen {
        rekey(app, &info, has(Which::Tokens), &mut told).await;
    }
    if has(Which::Backup) {
        backup(app, which, &mut told).await;
    }
    if has(Which::Master) {
        let source = app.tenants.master_source();
        told.note("master", None, app.tenants.rotate_master(new, Steps::default()).await, |()| master(&source));
    }
    if told.rotated.is_empty() && told.failed.is_empty() {
        told.lines.push("There is nothing to make anew yet.".to_owned());
    }
    said(told.lines.join("\n"), json!({ "ok": told.failed.is_empty(), "rotated": told.rotated, "failed": told.failed }))
}

/// Tenants whose keys are meant, whether people get in or not.
async fn chosen(app: &App, which: Which, tenant: Option<&str>) -> Result<Vec<TenantInfo>> {
    let of_tenants = matches!(which, Which::Database | Which::Tokens);
    match tenant {
        None if of_tenants || which == Which::All => app.tenants.list().await,
        None => Ok(Vec::new()),
        Some(_) if !of_tenants => {
            let reason = "a tenant has a database key and a tokens key: name one of them, or leave --tenant out";
            Err(Error::invalid("tenant", reason))
        }
        Some(slug) => match app.tenants.find(slug).await? {
            Some(info) => Ok(vec![info]),
            None => Err(missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`"))),
        },
    }
}

async fn rekey(app: &App, info: &TenantInfo, tokens: bool, told: &mut Told) {
    let reseal = tokens.then_some(rotation::reseal as crate::tenants::Reseal);
    let done = app.tenants.rekey(&info.id, reseal, Steps::default()).await;
    if let (true, Ok(())) = (tokens, &done) {
        told.note("tokens", Some(&info.slug), Ok(()), |()| "new, and every secret sealed anew".to_owned());
    }
    told.note("database", Some(&info.slug), done, |()| "new; the old one opens nothing any more".to_owned());
}

async fn backup(app: &App, which: Which, told: &mut Told) {
    match app.backups.rotate_key(Steps::default()).await {
        Err(error @ Error::Conflict { code: "recipient_configured", .. }) if which == Which::All => {
            told.lines.push(format!("backup: left as it is: {error}"));
        }
        done => told.note("backup", None, done, |done| pair(&done)),
    }
}

fn pair(done: &Renewed) -> String {
    let new = done.identity.display();
    let old = match &done.kept {
        Some(kept) => format!("archives of before open with {}", kept.display()),
        None => "archives of before open with the private half that was moved away".to_owned(),
    };
    format!("sealed for {} from now on. Move {new} elsewhere, as before; {old}", done.recipient)
}

fn master(source: &KeySource) -> String {
    match source {
        KeySource::File(path) | KeySource::NewFile(path) => {
            format!("new, in {}: keep a copy elsewhere. The old one opens nothing any more", path.display())
        }
        source => format!(
            "new. Put it into {source} NOW: the next start needs it there, and the old one opens nothing any more"
        ),
    }
}
