//! A tenant's audit log over HTTP: its event chain, newest first, and as a file.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Audit;
use super::heads::hex;
use crate::auth::{Member, Reach};
use crate::error::{Error, Result};
use crate::events::{self, Event, Filter, Newest, Outcome};
use crate::http::{Json, Problem, Query, guarded, push_row};
use crate::tenants::Tenant;

/// Entries of a page unless more are asked for.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// Entries of a file.
const LARGEST_FILE: usize = 50_000;
/// Archives that a page opens at most: a filter that nothing passes must not read them all for one request.
const OPENED_FOR_A_PAGE: usize = 16;

/// Which entries are wanted, all optional.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Entries before this one: `next_before` of the page before.
    before: Option<i64>,
    /// 1 to 200; 50 where absent. A file has all that is wanted, at most 50,000.
    limit: Option<usize>,
    /// What happened (`user.created`), or to what (`user`).
    kind: Option<String>,
    /// Who (`user:<id>`), or of which kind (`key`).
    actor: Option<String>,
    /// done, denied or failed
    result: Option<String>,
    /// From this instant on (RFC 3339), or from the beginning of this day, UTC.
    from: Option<String>,
    /// Before this instant, or before the beginning of this day, UTC.
    to: Option<String>,
    /// json (the default) or csv
    format: Option<String>,
}

/// Who did it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditActor {
    /// `user`, `key`, `command`, `operator`, `system`, `setup`, `demo`, `stranger`.
    kind: String,
    /// Of a person or a key.
    id: Option<String>,
    /// Its name now; null where it has none, or is gone.
    name: Option<String>,
}

/// One entry.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Place in the chain, from 1.
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened, as `thing.happened`.
    kind: String,
    actor: AuditActor,
    /// To what, as `thing:<id>`.
    subject: Option<String>,
    result: Outcome,
    ip: Option<String>,
    request_id: Option<String>,
    /// The rest.
    data: BTreeMap<String, Value>,
}

/// The chain as a whole.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditChain {
    /// How many entries it has.
    entries: i64,
    /// The hash of the newest entry, in hex.
    head: String,
    /// When it was last checked whole and found unbroken; null if it was not, or not yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
    /// The oldest entry that lies in the store; older ones are listed, too, and come out of sealed archives.
    #[schema(value_type = Option<String>, format = DateTime)]
    hot_since: Option<Timestamp>,
}

/// A page of the audit log.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditPage {
    /// Newest first.
    entries: Vec<AuditEntry>,
    /// What to send as `before` for the next page; null where there is none. A page may have fewer entries than were asked for, or none,
    /// and be followed by another: so many archives were looked through for it.
    next_before: Option<i64>,
    chain: AuditChain,
}

/// What is wanted, once it is known to make sense.
struct Wanted {
    filter: Filter,
    limit: usize,
    as_file: bool,
}

impl AuditParams {
    fn read(self) -> Result<Wanted> {
        let as_file = match self.format.as_deref() {
            None | Some("json") => false,
            Some("csv") => true,
            Some(_) => return Err(Error::invalid_code("unknown_format", Some("format"), "Ask for json or csv.")),
        };
        let limit = match (self.limit, as_file) {
            (None, true) => LARGEST_FILE,
            (None, false) => PAGE,
            (Some(limit), _) if (1..=LARGEST_PAGE).contains(&limit) => limit,
            (Some(_), _) => return Err(Error::invalid("limit", "A page has 1 to 200 entries.")),
        };
        let outcome = match self.result.as_deref() {
            None => None,
            Some(name) => Some(
                Outcome::parse(name).ok_or_else(|| Error::invalid("result", "A result is done, denied or failed."))?,
            ),
        };
        let filter = Filter {
            before: self.before,
            kind: self.kind,
            actor: self.actor,
            outcome,
            from_ms: instant("from", self.from.as_deref())?,
            to_ms: instant("to", self.to.as_deref())?,
        };
        Ok(Wanted { filter, limit, as_file })
    }
}

/// An instant, or the beginning of a day.
fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let at = text.parse::<Timestamp>().ok().or_else(day);
    let at = at.ok_or_else(|| {
        Error::invalid(field, "This is no time: write 2026-11-01T00:00:00Z, or 2026-11-01 for the day's beginning.")
    })?;
    Ok(Some(at.as_millisecond()))
}

/// The tenant's audit log, newest first; with `format=csv` as a file, which leaves an entry itself.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(AuditParams), responses(
    (status = 200, content((AuditPage = "application/json"), (String = "text/csv"))),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(audit): State<Audit>, member: Member, Query(params): Query<AuditParams>) -> Result<Response> {
    if member.reach != Reach::All {
        // Entries name every brand.
        return Err(Error::Forbidden { permission: "all brands" });
    }
    let Wanted { filter, limit, as_file } = params.read()?;
    let (of, most) = (member.tenant.clone(), if as_file { usize::MAX } else { OPENED_FOR_A_PAGE });
    let mut page = member.tenant.db().read(move |conn| page(conn, &of, &filter, (limit, most))).await?;
    page.chain.verified_at = audit.verified_at(member.tenant.id()).await?;
    if !as_file {
        return Ok(Json(page).into_response());
    }
    let (by, now) = (member.author(), audit.0.clock.system_time());
    let (subject, told) = (
        format!("tenant:{}", member.tenant.id()),
        json!({ "format": "csv", "entries": page.entries.len(), "complete": page.next_before.is_none() }),
    );
    member.tenant.db().write(move |tx| by.tell(tx, now, "audit.exported", &subject, told)).await?;
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}-audit.csv\"", member.tenant.slug()));
    Ok(([kind, name], file(&page.entries)).into_response())
}

fn page(conn: &Connection, tenant: &Tenant, filter: &Filter, (limit, most): (usize, usize)) -> Result<AuditPage> {
    // One more than is shown says whether there are more.
    let Newest { entries: mut found, before } =
        events::newest_of_all(conn, &tenant.archives(), filter, (limit + 1, most))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_before = found.last().filter(|_| more).map(|(event, _)| event.seq).or(before);
    let mut names = Names::default();
    let entries = found.into_iter().map(|(event, outcome)| entry(conn, &mut names, event, outcome));
    let entries = entries.collect::<Result<_>>()?;
    let head = events::head(conn)?;
    let chain =
        AuditChain { entries: head.seq, head: hex(&head.hash), verified_at: None, hot_since: events::oldest(conn)? };
    Ok(AuditPage { entries, next_before, chain })
}

fn entry(conn: &Connection, names: &mut Names, event: Event, result: Outcome) -> Result<AuditEntry> {
    let (kind, id) = match event.actor.split_once(':') {
        Some((kind, id)) => (kind.to_owned(), Some(id.to_owned())),
        None => (event.actor, None),
    };
    let name = match &id {
        Some(id) => names.of(conn, &kind, id)?,
        None => None,
    };
    Ok(AuditEntry {
        seq: event.seq,
        at: Timestamp::from_millisecond(event.at_ms).unwrap_or_default(),
        kind: event.kind,
        actor: AuditActor { kind, id, name },
        subject: event.subject,
        result,
        ip: event.ip,
        request_id: event.request_id,
        data: match event.data {
            Value::Object(fields) => fields.into_iter().collect(),
            other => BTreeMap::from([("value".to_owned(), other)]),
        },
    })
}

/// Names of those who acted, each looked up once.
#[derive(Default)]
struct Names(HashMap<String, Option<String>>);

impl Names {
    fn of(&mut self, conn: &Connection, kind: &str, id: &str) -> Result<Option<String>> {
        let sql = match kind {
            "user" => "select name from users where id = ?1",
            "key" => "select name from api_keys where id = ?1",
            _ => return Ok(None),
        };
        if let Some(name) = self.0.get(id) {
            return Ok(name.clone());
        }
        let name: Option<String> = conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
        self.0.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

/// As CSV. No cell is a formula: names and what strangers sent are in it.
fn file(entries: &[AuditEntry]) -> String {
    let mut text = String::new();
    let columns = ["seq", "at", "kind", "actor", "actor_name", "subject", "result", "ip", "request_id", "data"];
    push_row(&mut text, columns.iter().map(|&name| name.to_owned()));
    for entry in entries {
        let actor = match &entry.actor.id {
            Some(id) => format!("{}:{id}", entry.actor.kind),
            None => entry.actor.kind.clone(),
        };
        let cell = |text: &Option<String>| guarded(text.clone().unwrap_or_default());
        let cells = [
            entry.seq.to_string(),
            entry.at.to_string(),
            guarded(entry.kind.clone()),
            guarded(actor),
            cell(&entry.actor.name),
            cell(&entry.subject),
            entry.result.name().to_owned(),
            cell(&entry.ip),
            cell(&entry.request_id),
            guarded(json!(entry.data).to_string()),
        ];
        push_row(&mut text, cells.into_iter());
    }
    text
}
