//! An integration as people see it. What signs in is not in it.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value};

use super::store::streams::{self, Stream};
use super::store::{Integration, unsigned};
use super::telling::ProgressView;
use super::{State, Sync};
use crate::brands::Brand;
use crate::connectors::Source;
use crate::error::Result;

/// An integration.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IntegrationView {
    /// UUID.
    pub id: String,
    pub source: Source,
    /// The brand's id.
    pub brand: String,
    pub state: State,
    /// Why it is not healthy, as a sentence.
    pub error: Option<String>,
    /// The account as the platform calls it.
    pub account: Option<String>,
    /// Up to when everything of every stream is there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub data_through: Option<Timestamp>,
    /// When everything was last read to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub synced_at: Option<Timestamp>,
    /// When it is next looked for what is new; null while it waits for a person.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// The version of the platform's API that is asked for.
    pub api_version: String,
    /// The version that answered, where it was another.
    pub served_version: Option<String>,
    /// The first day on which the version is no longer served, where the platform has said so.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// When the sign-in ends by itself, if it does.
    pub sign_in_ends_at: Option<String>,
    /// What works but is less than one would expect.
    pub warnings: Vec<String>,
    /// What the platform last said of its quota.
    pub quota: Option<QuotaView>,
    /// Its own settings; none of them is secret.
    #[schema(value_type = HashMap<String, Value>)]
    pub settings: Map<String, Value>,
    /// Where a platform that sends webhooks sends them.
    pub webhook_path: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub streams: Vec<StreamView>,
}

/// What a platform said of its quota.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct QuotaView {
    /// In its own terms.
    pub text: String,
    /// Per cent, 0 to 100, rounded.
    pub left_percent: u64,
}

/// A stream of an integration.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StreamView {
    pub name: String,
    pub label: String,
    /// `waiting`, `backfilling`, `healthy`, `degraded` or `blocked`.
    pub state: String,
    /// Rows that were new or changed so far.
    pub rows: u64,
    /// Up to when everything is there; null until its first pass has ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cursor: Option<Timestamp>,
    /// The oldest day of which it has brought anything; null where nothing of it has a day.
    #[schema(value_type = Option<String>, format = Date)]
    pub oldest: Option<Date>,
    /// Why it is read at present: `backfill`, `recent`, `restate`, `range`; null between two passes.
    pub pass: Option<String>,
    pub last_error: Option<String>,
    pub progress: Option<ProgressView>,
    /// When it is next read.
    #[schema(value_type = String, format = DateTime)]
    pub next_at: Timestamp,
}

/// The view of a stored integration.
pub(super) fn of(conn: &Connection, sync: &Sync, it: &Integration, brands: &[Brand]) -> Result<IntegrationView> {
    let all = streams::list(conn, it.id)?;
    let connector = sync.connector(it.source)?;
    let version = connector.version(&it.settings, sync.shared());
    let tested = |field: &str| it.tested.as_ref().map(|tested| tested[field].clone()).filter(|value| !value.is_null());
    let text = |field: &str| tested(field).and_then(|value| value.as_str().map(str::to_owned));
    let warnings = tested("warnings").and_then(|all| serde_json::from_value(all).ok()).unwrap_or_default();
    let label = |name: &str| connector.streams().iter().find(|what| what.name == name).map_or("", |what| what.label);
    let due = super::planning::due_ms(it, &all, sync.settings());
    let waits = it.error.clone().or_else(|| all.iter().find_map(|stream| stream.last_error.clone()));
    Ok(IntegrationView {
        id: it.uid.clone(),
        source: it.source,
        brand: brands.iter().find(|brand| brand.id == it.brand_id).map(|brand| brand.uid.clone()).unwrap_or_default(),
        state: it.state,
        error: waits.filter(|_| it.state != State::Healthy),
        account: text("account"),
        data_through: through(&all),
        synced_at: it.synced_at_ms.map(at),
        next_at: due.map(at),
        api_version: version.name,
        served_version: text("served_version"),
        expires_on: version.expires_on,
        sign_in_ends_at: text("expires_at"),
        warnings,
        quota: it.quota.as_ref().map(quota),
        settings: it.settings.clone(),
        webhook_path: (it.source == Source::Shopify).then(|| format!("/api/webhooks/shopify/{}", it.uid)),
        created_at: at(it.created_at_ms),
        streams: all.iter().map(|one| stream(one, label(&one.name))).collect(),
    })
}

/// The least of the streams; nothing while one has not been through.
fn through(all: &[Stream]) -> Option<Timestamp> {
    let all = all.iter().filter(|stream| stream.state != streams::State::Blocked || stream.through.is_some());
    all.map(|stream| stream.through).min().flatten()
}

fn quota(stored: &Value) -> QuotaView {
    let left = stored["left_percent"].as_f64().unwrap_or_default().clamp(0.0, 100.0).round();
    QuotaView { text: stored["text"].as_str().unwrap_or_default().to_owned(), left_percent: percent(left) }
}

/// A whole number of per cent.
fn percent(left: f64) -> u64 {
    (0..=100_u8).find(|whole| f64::from(*whole) >= left).map_or(100, u64::from)
}

fn stream(stored: &Stream, label: &str) -> StreamView {
    let pass = stored.pass.as_ref().and_then(|pass| serde_json::to_value(pass).ok());
    StreamView {
        name: stored.name.clone(),
        label: label.to_owned(),
        state: stored.state.name().to_owned(),
        rows: unsigned(stored.rows),
        cursor: stored.through,
        oldest: stored.oldest,
        pass: pass.and_then(|pass| pass["pass"].as_str().map(str::to_owned)),
        last_error: stored.last_error.clone(),
        progress: stored.progress.map(|progress| ProgressView { done: progress.done, total: progress.total }),
        next_at: at(stored.next_at_ms),
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}
