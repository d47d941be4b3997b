//! What syncs keep of one person: answers, lines that wait, and what could not be understood. No address is in them, but the keyed hash
//! of one and the platform's own ids are. And how long all of it is kept.

use std::collections::HashSet;

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use super::Settings;
use super::store::kept;
use crate::commerce::privacy::{CustomerKey, Finder, NamedBy};
use crate::connectors::{Source, hash_of};
use crate::error::Result;

/// Days that the copies for customers, and the ids of deliveries, are kept.
const COPIES_DAYS: u32 = 30;
const DELIVERIES_DAYS: u32 = 7;

/// Whom to look for.
pub struct Wanted<'a> {
    finder: &'a Finder,
    keys: &'a HashSet<(NamedBy, CustomerKey)>,
}

impl<'a> Wanted<'a> {
    /// Customers by their keyed hashes.
    pub fn new(finder: &'a Finder, keys: &'a HashSet<(NamedBy, CustomerKey)>) -> Self {
        Self { finder, keys }
    }

    fn has(&self, by: NamedBy, text: &str) -> bool {
        self.finder.keys(by, text).into_iter().any(|key| self.keys.contains(&(by, key)))
    }

    /// Whether a platform's id is one of theirs, as it stands or without the path before it.
    fn is_id(&self, id: &Value) -> bool {
        let text = match id {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return false,
        };
        let bare = text.rsplit('/').next().unwrap_or_default();
        self.has(NamedBy::CustomerId, &text) || self.has(NamedBy::CustomerId, bare)
    }

    /// Whether a value names one of them, at any depth.
    fn in_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_hash(text),
            Value::Array(all) => all.iter().any(|one| self.in_value(one)),
            Value::Object(fields) => fields.iter().any(|(name, value)| {
                let by_id =
                    name == "customer" && (self.is_id(value) || value.get("id").is_some_and(|id| self.is_id(id)));
                by_id || name == "customer_id" && self.is_id(value) || self.in_value(value)
            }),
            _ => false,
        }
    }

    fn is_hash(&self, text: &str) -> bool {
        hash_of(text).is_some_and(|key| self.keys.contains(&(NamedBy::Email, CustomerKey(key))))
    }

    /// The value without the smallest members of lists that name one of them; nothing where no list does but the whole does.
    fn cut(&self, value: Value) -> Option<Value> {
        match value {
            Value::Array(all) => {
                let kept =
                    all.into_iter().filter_map(|one| if self.in_value(&one) { self.cut(one) } else { Some(one) });
                Some(Value::Array(kept.collect()))
            }
            Value::Object(fields) => {
                let mut kept = serde_json::Map::new();
                for (name, value) in fields {
                    let named = self.in_value(&value);
                    if named && !has_list(&value) {
                        return None;
                    }
                    kept.insert(name, if named { self.cut(value)? } else { value });
                }
                // What names them without a value of its own doing so: an id beside its name.
                let whole = Value::Object(kept);
                (!self.in_value(&whole)).then_some(whole)
            }
            other => (!self.in_value(&other)).then_some(other),
        }
    }

    /// A body without them; nothing where none of it is left. A body of lines loses the lines that name them and what hangs on those.
    fn cut_body(&self, body: &[u8]) -> Option<Vec<u8>> {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return self.cut(value).and_then(|value| serde_json::to_vec(&value).ok());
        }
        let lines: Vec<(&[u8], Value)> = body
            .split(|byte| *byte == b'\n')
            .map(|line| (line, serde_json::from_slice(line).unwrap_or_default()))
            .collect();
        let gone: Vec<&str> = lines
            .iter()
            .filter(|(_, value)| self.in_value(value))
            .filter_map(|(_, value)| value["id"].as_str())
            .collect();
        let hangs = |value: &Value| value["__parentId"].as_str().is_some_and(|parent| gone.contains(&parent));
        let kept: Vec<&[u8]> =
            lines.iter().filter(|(_, value)| !self.in_value(value) && !hangs(value)).map(|(line, _)| *line).collect();
        (!kept.is_empty()).then(|| kept.join(&b'\n'))
    }

    /// The smallest parts of a value that name one of them, as [`Self::cut`] takes them out.
    fn pick(&self, value: &Value, into: &mut Vec<Value>) {
        if !self.in_value(value) {
            return;
        }
        if self.cut(value.clone()).is_none() {
            into.push(value.clone());
            return;
        }
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.pick(one, into)),
            Value::Object(fields) => fields.values().for_each(|one| self.pick(one, into)),
            _ => {}
        }
    }

    /// What a body says of them; of a body of lines, the lines that name them and what hangs on those.
    fn picked(&self, body: &[u8]) -> Vec<Value> {
        let mut found = Vec::new();
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            self.pick(&value, &mut found);
            return found;
        }
        let lines = body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let lines: Vec<Value> = lines.collect();
        let theirs = |line: &&Value| self.in_value(line);
        let ids: HashSet<&str> = lines.iter().filter(theirs).filter_map(|line| line["id"].as_str()).collect();
        let hangs = |line: &Value| line["__parentId"].as_str().is_some_and(|parent| ids.contains(parent));
        found.extend(lines.iter().filter(|line| self.in_value(line) || hangs(line)).cloned());
        found
    }

    fn in_body(&self, body: &[u8]) -> bool {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => self.in_value(&value),
            Err(_) => {
                let lines = body.split(|byte| *byte == b'\n');
                lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()).any(|line| self.in_value(&line))
            }
        }
    }

    fn in_text(&self, text: &str) -> bool {
        self.in_body(text.as_bytes()) || self.finder.is_in(text, self.keys)
    }
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        _ => false,
    }
}

/// A part of a kept answer that is about a customer, as it is kept: addresses as hashes, names cut out.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeptAnswer {
    pub source: Source,
    /// The stream that it was read for.
    pub stream: String,
    #[schema(value_type = String, format = DateTime)]
    pub kept_at: Timestamp,
    /// As the platform answered it.
    pub answer: Value,
}

/// What answers of a brand that are kept say of customers, the oldest first; and what could not be understood and names them.
///
/// # Errors
/// Whatever SQLite says.
pub fn about(conn: &Connection, brand_id: i64, wanted: &Wanted<'_>) -> Result<(Vec<KeptAnswer>, Vec<String>)> {
    let mut all = conn.prepare(
        "select i.source, r.stream, r.at_ms, r.body from sync_raw r join integrations i on i.id = r.integration_id
         where i.brand_id = ? order by r.id",
    )?;
    let mut rows = all.query([brand_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let source = row.get_ref(0)?.as_str().unwrap_or_default();
        let source = Source::parse(source).with_context(|| format!("reading an answer of {source}"))?;
        let stream: String = row.get(1)?;
        let kept_at = Timestamp::from_millisecond(row.get(2)?).unwrap_or_default();
        let body = kept::unzip(row.get_ref(3)?.as_blob().unwrap_or_default())?;
        let parts = wanted.picked(&body).into_iter();
        found.extend(parts.map(|answer| KeptAnswer { source, stream: stream.clone(), kept_at, answer }));
    }
    let rejects = rejects(conn, brand_id)?.into_iter();
    let theirs = rejects.filter(|(_, about, text)| wanted.in_text(about) || wanted.in_text(text));
    Ok((found, theirs.map(|(_, _, text)| text).collect()))
}

/// What could not be understood of a brand: row id, key and reason, text.
fn rejects(conn: &Connection, brand_id: i64) -> Result<Vec<(i64, String, String)>> {
    let mut all = conn.prepare(
        "select r.id, r.key || char(10) || r.reason, r.text from sync_rejects r join integrations i on i.id = r.integration_id
         where i.brand_id = ? order by r.id",
    )?;
    let rows = all.query_map([brand_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How much was cut.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Kept answers, and lines that waited.
    pub answers: i64,
    /// Things that could not be understood.
    pub rejects: i64,
}

/// Cuts customers out of everything that syncs of a brand keep. Doing it again changes nothing.
///
/// # Errors
/// Whatever SQLite says.
pub fn cut_off(tx: &Transaction<'_>, brand_id: i64, wanted: &Wanted<'_>) -> Result<Cut> {
    let mut cut = Cut::default();
    for (id, body) in bodies(tx, brand_id)? {
        let body = kept::unzip(&body)?;
        if !wanted.in_body(&body) {
            continue;
        }
        cut.answers += 1;
        match wanted.cut_body(&body) {
            Some(rest) => tx.execute("update sync_raw set body = ?2 where id = ?1", params![id, kept::zip(&rest)?])?,
            None => tx.execute("delete from sync_raw where id = ?1", [id])?,
        };
    }
    for (stream, key) in staged(tx, brand_id, wanted)? {
        tx.execute("delete from sync_staged where stream_id = ? and group_key = ?", params![stream, key])?;
        cut.answers += 1;
    }
    for (id, about, text) in rejects(tx, brand_id)? {
        if wanted.in_text(&about) || wanted.in_text(&text) {
            tx.execute("delete from sync_rejects where id = ?", [id])?;
            cut.rejects += 1;
        }
    }
    Ok(cut)
}

fn bodies(tx: &Transaction<'_>, brand_id: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let mut all = tx.prepare(
        "select r.id, r.body from sync_raw r join integrations i on i.id = r.integration_id where i.brand_id = ? order by r.id",
    )?;
    let rows = all.query_map([brand_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn staged(conn: &Connection, brand_id: i64, wanted: &Wanted<'_>) -> Result<Vec<(i64, String)>> {
    let mut all = conn.prepare(
        "select g.stream_id, g.group_key, g.body from sync_staged g join integration_streams s on s.id = g.stream_id
         join integrations i on i.id = s.integration_id where i.brand_id = ?",
    )?;
    let mut rows = all.query([brand_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if wanted.in_body(&kept::unpack(row.get_ref(2)?.as_blob().unwrap_or_default())?) {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    found.dedup();
    Ok(found)
}

/// Removes what is older than the settings say. Returns how many rows that was.
///
/// # Errors
/// Whatever SQLite says.
pub fn forget_old(tx: &Transaction<'_>, settings: &Settings, now: Timestamp) -> Result<usize> {
    let before = |days: u32| now.as_millisecond().saturating_sub(i64::from(days) * 86_400_000);
    let mut gone = tx.execute("delete from sync_raw where at_ms < ?", [before(settings.raw_days)])?;
    let runs_before = before(settings.runs_days);
    gone += tx.execute("delete from sync_runs where state <> 'running' and ended_at_ms < ?", [runs_before])?;
    gone += tx.execute("delete from sync_rejects where last_at_ms < ?", [runs_before])?;
    gone += tx.execute("delete from webhook_ids where at_ms < ?", [before(DELIVERIES_DAYS)])?;
    let answered = "delete from privacy_requests where answered_at_ms < ?";
    gone += tx.execute(answered, [before(COPIES_DAYS)])?;
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commerce::CustomerHash;
    use crate::connectors::Redactor;
    use crate::secrets::{Purpose, TenantKey};

    fn with(by: NamedBy, text: &str, test: impl FnOnce(&Wanted<'_>, &Redactor)) {
        let key = TenantKey::from_bytes(&[7; 32]).unwrap();
        let finder = Finder::new(&key);
        let keys = finder.keys(by, text).into_iter().map(|key| (by, key)).collect();
        test(&Wanted::new(&finder, &keys), &Redactor::new(CustomerHash::new(&key.derive(Purpose::CustomerIdentity))));
    }

    fn page(redactor: &Redactor) -> Vec<u8> {
        let order = |id: &str, email: &str, customer: u32| json!({ "id": id, "customer": { "id": format!("gid://shopify/Customer/{customer}"), "email": email } });
        let page = json!({ "data": { "orders": { "nodes": [order("1", "ann@shop.example", 11), order("2", "bob@shop.example", 12)] } } });
        redactor.json(page.to_string().as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn one_order_goes_and_the_page_stays() {
        for (by, text) in [
            (NamedBy::Email, "ann@shop.example"),
            (NamedBy::CustomerId, "11"),
            (NamedBy::CustomerId, "gid://shopify/Customer/11"),
        ] {
            with(by, text, |wanted, redactor| {
                let body = page(redactor);
                assert!(wanted.in_body(&body), "{text}");
                let rest: Value = serde_json::from_slice(&wanted.cut_body(&body).unwrap()).unwrap();
                let ids: Vec<&str> = rest["data"]["orders"]["nodes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|o| o["id"].as_str().unwrap())
                    .collect();
                assert_eq!(ids, ["2"], "{text}");
                assert!(!wanted.in_body(&serde_json::to_vec(&rest).unwrap()));
            });
        }
        with(NamedBy::Email, "joan@shop.example", |wanted, redactor| assert!(!wanted.in_body(&page(redactor))));
    }

    #[test]
    fn lines_that_hang_on_an_order_go_with_it() {
        with(NamedBy::Email, "ann@shop.example", |wanted, redactor| {
            let lines = [
                json!({ "id": "1", "email": "ann@shop.example" }),
                json!({ "id": "l1", "__parentId": "1" }),
                json!({ "id": "2", "email": "bob@shop.example" }),
                json!({ "id": "l2", "__parentId": "2" }),
            ];
            let lines: Vec<Vec<u8>> =
                lines.iter().map(|line| redactor.json(line.to_string().as_bytes()).unwrap().to_vec()).collect();
            let rest = String::from_utf8(wanted.cut_body(&lines.join(&b'\n')).unwrap()).unwrap();
            assert_eq!(rest.lines().count(), 2, "{rest}");
            assert!(rest.contains("\"l2\"") && !rest.contains("\"l1\""));
        });
    }
}
