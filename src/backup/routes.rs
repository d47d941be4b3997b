//! Backups over HTTP: a tenant's own, listed and begun. Archives are not handed out here, and restoring is the command line's.

use axum::extract;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::daily::{VERIFIED, is_due};
use super::{Archive, Backups, State, folder};
use crate::auth::Member;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Json, Problem};

/// Without a backup for this long, somebody has to know.
const OVERDUE: SignedDuration = SignedDuration::from_hours(48);
/// More than there are archives.
const MOST_REHEARSALS: usize = 500;

/// An archive.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BackupView {
    /// Its name among the tenant's.
    id: String,
    /// The moment that it holds.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    bytes: u64,
    /// Where it lies within the folder of the archives: what `restore --from` takes there.
    file: String,
    /// When it was restored into a scratch folder and checked; null if it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
    /// A sentence saying why it was not sound; null if it was.
    verify_failure: Option<String>,
}

/// What the daily run does.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BackupSchedule {
    /// The hour of day, UTC, from which on the day's backup is due.
    hour: u8,
    /// Days of which the newest archive is kept.
    keep_daily: usize,
    /// Weeks of which the newest archive is kept.
    keep_weekly: usize,
    /// Months of which the newest archive is kept.
    keep_monthly: usize,
}

/// A tenant's backups, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BackupList {
    /// What happens by itself each day; null where that is switched off.
    schedule: Option<BackupSchedule>,
    /// Whether none was made within the last two days.
    overdue: bool,
    /// Whether one is being made.
    running: bool,
    /// A sentence saying why the last one failed; null if it did not, or since the server started.
    last_failure: Option<String>,
    /// The public key that archives are sealed for; null before the first backup where none is configured.
    sealed_for: Option<String>,
    /// Whether the private half lies beside the data: whoever takes the machine can then open the archives.
    identity_on_machine: bool,
    backups: Vec<BackupView>,
}

/// The tenant's backups.
#[utoipa::path(get, path = "/api/backups", tag = "operation", responses(
    (status = 200, body = BackupList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(extract::State(backups): extract::State<Backups>, member: Member) -> Result<Json<BackupList>> {
    Ok(Json(view(&backups, &member).await?))
}

/// Begins a backup of the tenant; the list shows when it is done.
#[utoipa::path(post, path = "/api/backups", tag = "operation", responses(
    (status = 202, body = BackupList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    extract::State(backups): extract::State<Backups>,
    member: Member,
) -> Result<(StatusCode, Json<BackupList>)> {
    if !backups.claim(member.tenant.id()) {
        return Err(Error::conflict("backup_running", "A backup of this tenant is being made already."));
    }
    let (all, tenant, by) = (backups.clone(), member.tenant.clone(), member.author());
    tokio::spawn(async move {
        if let Err(error) = all.make(&tenant, None, by).await {
            tracing::error!(tenant = tenant.slug(), %error, "a backup that was asked for failed");
        }
    });
    Ok((StatusCode::ACCEPTED, Json(view(&backups, &member).await?)))
}

async fn view(backups: &Backups, member: &Member) -> Result<BackupList> {
    let archives = backups.list(member.tenant.id(), None).await?;
    let wanted = events::Filter {
        kind: Some(VERIFIED.to_owned()),
        from_ms: archives.last().map(|oldest| oldest.at.as_millisecond()),
        ..events::Filter::default()
    };
    let rehearsals = match archives.is_empty() {
        true => Vec::new(),
        false => member.tenant.db().read(move |conn| events::newest(conn, &wanted, MOST_REHEARSALS)).await?,
    };
    let rehearsals: Vec<Event> = rehearsals.into_iter().map(|(event, _)| event).collect();
    let seal = backups.seal()?;
    let State { running, failure } = backups.state(member.tenant.id());
    let settings = &backups.0.settings;
    let now = backups.clock().system_time();
    Ok(BackupList {
        schedule: settings.daily.then_some(BackupSchedule {
            hour: settings.hour,
            keep_daily: settings.keep_daily,
            keep_weekly: settings.keep_weekly,
            keep_monthly: settings.keep_monthly,
        }),
        overdue: is_due(&archives, now - OVERDUE, now),
        running,
        last_failure: failure,
        identity_on_machine: seal.as_ref().is_some_and(|seal| seal.identity.is_some()),
        sealed_for: seal.map(|seal| seal.recipient.to_string()),
        backups: archives.into_iter().map(|archive| row(archive, &rehearsals)).collect(),
    })
}

fn row(archive: Archive, newest_first: &[Event]) -> BackupView {
    let id = folder::stamp(archive.at);
    let rehearsal = newest_first.iter().find(|event| event.data["archive"] == *id);
    BackupView {
        file: archive.name,
        at: archive.at,
        bytes: archive.bytes,
        verified_at: rehearsal.and_then(|event| Timestamp::from_millisecond(event.at_ms).ok()),
        verify_failure: rehearsal.and_then(|event| event.data["reason"].as_str().map(str::to_owned)),
        id,
    }
}
