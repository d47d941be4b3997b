//! Backups over HTTP: a tenant's own, listed and begun. Archives are not handed out here, and restoring is the command line's.

use axum::extract;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::daily::{VERIFIED, is_due};
use super::{Archive, Backups, LogState, State, folder};
use crate::auth::Member;
use crate::error::{Error, Result};
use crate::events::{self, Known};
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

/// How far the copying of every commit has come.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BackupLog {
    /// Everything that was acknowledged up to then is copied; null before the first entry.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Commits that wait to be copied.
    waiting_commits: u64,
    /// When the first of them was acknowledged; null where none waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Timestamp>,
    /// Bytes that are kept on this machine until they are copied.
    waiting_bytes: u64,
    /// A sentence saying why nothing can be copied now; null while it can.
    failure: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When the log in use began; null before it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    began_at: Option<Timestamp>,
    /// A part of a sentence saying why a new one did; null where that is no longer known.
    began_because: Option<String>,
    /// The first moment that the log in use can restore; null until its first snapshot is made.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_snapshot_at: Option<Timestamp>,
    /// The newest snapshot.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_snapshot_at: Option<Timestamp>,
    /// Where the log before it ends, if moments between that and `first_snapshot_at` cannot be restored; else null.
    #[schema(value_type = Option<String>, format = DateTime)]
    gap_from: Option<Timestamp>,
    /// Days to any second of which can be restored.
    days: u32,
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
    /// Of the copying of every commit; null where nothing is copied.
    log: Option<BackupLog>,
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
    let since_ms = archives.last().map(|oldest| oldest.at.as_millisecond());
    let rehearsals = match since_ms {
        None => Vec::new(),
        Some(ms) => member.tenant.db().read(move |conn| events::known(conn, VERIFIED, ms, MOST_REHEARSALS)).await?,
    };
    let seal = backups.seal()?;
    let State { running, failure } = backups.state(member.tenant.id());
    let settings = &backups.0.settings;
    let (now, target) = (backups.clock().system_time(), backups.target(None).describe());
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
        log: backups.log_state(Some(member.tenant.id())).map(|state| log(state, settings.continuous_days, &target)),
        backups: archives.into_iter().map(|archive| row(archive, &rehearsals)).collect(),
    })
}

/// Where the target lies on the machine is not for its tenants.
fn log(state: LogState, days: u32, target: &str) -> BackupLog {
    let LogState { until, beginning, snapshot, waiting, failure } = state;
    let (failure, failing_since) = failure.map(|(why, since)| (why.replace(target, "\u{2026}"), since)).unzip();
    let began = beginning.as_ref();
    BackupLog {
        until,
        waiting_commits: waiting.commits,
        waiting_since: waiting.since,
        waiting_bytes: waiting.bytes,
        failure,
        failing_since,
        began_at: began.and_then(|began| began.at),
        first_snapshot_at: began.and_then(|began| began.first_snapshot),
        gap_from: began.and_then(|began| began.gap_from),
        last_snapshot_at: snapshot,
        began_because: beginning.and_then(|began| began.because),
        days,
    }
}

fn row(archive: Archive, newest_first: &[Known]) -> BackupView {
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
