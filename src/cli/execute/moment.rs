//! `restore --at`.

use std::path::PathBuf;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{author, said};
use crate::app::App;
use crate::backup::{Identity, Moment, Reached, Wanted, When};
use crate::cli::command::{Outcome, Password, RestoreAt, RestoreWanted};
use crate::error::Result;

/// Which moment, and what is made of it.
pub(super) struct Asked {
    pub(super) at: RestoreAt,
    pub(super) last_good: bool,
    pub(super) dry_run: bool,
    pub(super) to: Option<PathBuf>,
}

/// Restores a tenant as it was at a moment, or says what that would take, or makes an archive of it.
pub(super) async fn restore(app: &App, wanted: RestoreWanted, asked: Asked, key: Password) -> Result<Outcome> {
    let identity = Identity::parse(key.0.expose_secret())?;
    let moment = asked.at.0.map_or(Moment::Latest, Moment::At);
    let when = When { moment, last_good: asked.last_good };
    let RestoreWanted { tenant, slug, overwrite } = wanted;
    if asked.dry_run {
        let reached = app.backups.plan_restore(when, identity, &tenant).await?;
        let text = format!("Everything is there and sound, and nothing was changed.\n{}", told(&reached));
        return said(text, shown(&reached));
    }
    if let Some(to) = asked.to {
        let (file, reached) = app.backups.archive_at(when, identity, &tenant, to).await?;
        let mut json = shown(&reached);
        json["file"] = json!(file);
        return said(format!("Made the archive {}.\n{}", file.display(), told(&reached)), json);
    }
    let wanted = Wanted { tenant, slug, overwrite };
    let (done, reached) = app.backups.restore_at(when, identity, wanted, author()).await?;
    let how = if done.replaced { "in the place of what was there" } else { "as a new tenant here" };
    let mut text = format!("Restored tenant {} {how}. Everybody has to sign in again.\n{}", done.slug, told(&reached));
    if !done.elsewhere.is_empty() {
        text.push_str(&format!(
            "\nThese e-mails belong to another tenant here and cannot sign in to this one: {}",
            done.elsewhere.join(", ")
        ));
    }
    let mut json = shown(&reached);
    json["id"] = json!(done.id);
    json["slug"] = json!(done.slug);
    json["replaced"] = json!(done.replaced);
    json["cannot_sign_in"] = json!(done.elsewhere);
    said(text, json)
}

fn told(reached: &Reached) -> String {
    let mut text = format!(
        "It is the state after commit {}, acknowledged at {}: the snapshot of {} and {} bytes of log in {} files.",
        reached.commits, reached.at, reached.snapshot, reached.bytes, reached.bundles
    );
    reached.remarks.iter().for_each(|remark| text.push_str(&format!("\nNote: {remark}.")));
    text
}

fn shown(reached: &Reached) -> Value {
    json!({
        "at": reached.at, "commits": reached.commits, "snapshot": reached.snapshot, "files": reached.bundles,
        "bytes": reached.bytes, "remarks": reached.remarks,
    })
}
