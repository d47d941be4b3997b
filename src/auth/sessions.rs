//! Sessions in a tenant's SQLite: families of refresh tokens, and what their person recognises each by.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// Seconds that a session lasts from its sign-in at most.
pub const SESSION_SECS: i64 = 30 * 24 * 3600;

/// A refresh token's row.
pub struct RefreshRow {
    /// Shared by all tokens that one sign-in led to.
    pub family: String,
    /// Whose.
    pub user_id: String,
    /// Milliseconds of unix time.
    pub expires_at_ms: i64,
    /// When the session ends whatever is done in it, milliseconds of unix time; the same for the whole family.
    pub family_ends_ms: i64,
    /// Whether it was used up.
    pub used: bool,
    /// Whether the session passed a second factor.
    pub strong: bool,
}

/// A session as its person sees it.
pub struct SessionRow {
    /// The family of its refresh tokens.
    pub family: String,
    /// Browser and system, in short; empty where the client did not say.
    pub device: String,
    /// The address last seen.
    pub ip: String,
    /// Milliseconds of unix time: the sign-in.
    pub first_seen_ms: i64,
    /// Milliseconds of unix time: the last sign of life, which is a refresh.
    pub last_seen_ms: i64,
}

/// From where a session speaks.
#[derive(Clone)]
pub struct Seen {
    /// Browser and system, in short.
    pub device: String,
    /// The address.
    pub ip: String,
}

/// Begins a session with its first refresh token, and clears away the person's whose time is over.
pub fn begin(conn: &Connection, hash: &[u8; 32], row: &RefreshRow, seen: &Seen, now: Timestamp) -> Result<()> {
    let now_ms = now.as_millisecond();
    for table in ["refresh_tokens", "sessions"] {
        let sql = format!("delete from {table} where user_id = ?1 and expires_at_ms <= ?2");
        conn.prepare_cached(&sql)?.execute((&row.user_id, now_ms))?;
    }
    conn.prepare_cached(
        "insert into sessions (family, user_id, device, ip, first_seen_ms, last_seen_ms, expires_at_ms, second_factor)
         values (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
    )?
    .execute(params![row.family, row.user_id, seen.device, seen.ip, now_ms, row.expires_at_ms, row.strong])?;
    insert_refresh(conn, hash, row, now_ms)
}

/// How long renewals of a session from one address are one entry of the events.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Replaces a session's refresh token by the next, which `row` describes, and notes the sign of life. Where that is to be told, returns how many were not since
/// one last was.
pub fn go_on(
    conn: &Connection,
    (old, next): (&[u8; 32], &[u8; 32]),
    row: &RefreshRow,
    ip: &str,
    now: Timestamp,
) -> Result<Option<i64>> {
    let now_ms = now.as_millisecond();
    conn.prepare_cached("update refresh_tokens set used_at_ms = ?2 where token_hash = ?1")?.execute((old, now_ms))?;
    insert_refresh(conn, next, row, now_ms)?;
    let since_ms = now_ms.saturating_sub(i64::try_from(TOLD_FOR.as_millis()).unwrap_or(i64::MAX));
    let mut find = conn.prepare_cached(
        "select ip <> ?2 or coalesce(renewal_told_ms not between ?3 + 1 and ?4, 1), renewals_untold from sessions where family = ?1",
    )?;
    let found = find.query_row((&row.family, ip, since_ms, now_ms), |row| Ok((row.get(0)?, row.get(1)?)));
    let (tells, untold): (bool, i64) = found.optional()?.unwrap_or((true, 0));
    conn.prepare_cached(
        "update sessions set last_seen_ms = ?2, ip = ?3, expires_at_ms = ?5, renewal_told_ms = iif(?4, ?2, renewal_told_ms),
             renewals_untold = iif(?4, 0, renewals_untold + 1) where family = ?1",
    )?
    .execute((&row.family, now_ms, ip, tells, row.expires_at_ms))?;
    Ok(tells.then_some(untold))
}

fn insert_refresh(conn: &Connection, hash: &[u8; 32], row: &RefreshRow, now_ms: i64) -> Result<()> {
    conn.prepare_cached(
        "insert into refresh_tokens (token_hash, family, user_id, issued_at_ms, expires_at_ms) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![hash, row.family, row.user_id, now_ms, row.expires_at_ms])?;
    Ok(())
}

/// The refresh token of a hash.
pub fn find_refresh(conn: &Connection, hash: &[u8; 32]) -> Result<Option<RefreshRow>> {
    let mut query = conn.prepare_cached(
        "select t.family, t.user_id, t.expires_at_ms, t.used_at_ms, coalesce(s.second_factor, 0) = 1,
            coalesce(s.first_seen_ms, t.issued_at_ms)
         from refresh_tokens t left join sessions s on s.family = t.family where t.token_hash = ?1",
    )?;
    let row = query.query_row([hash], |row| {
        let used: Option<i64> = row.get(3)?;
        let (family, user_id, expires_at_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let family_ends_ms = row.get::<_, i64>(5)? + SESSION_SECS * 1000;
        Ok(RefreshRow { family, user_id, expires_at_ms, family_ends_ms, used: used.is_some(), strong: row.get(4)? })
    });
    Ok(row.optional()?)
}

/// The session that a refresh cookie speaks for, if it is that person's.
pub fn family_of(conn: &Connection, cookie: Option<&[u8; 32]>, user_id: &str) -> Result<Option<String>> {
    let Some(hash) = cookie else { return Ok(None) };
    Ok(find_refresh(conn, hash)?.filter(|row| row.user_id == user_id).map(|row| row.family))
}

/// Whether the session that a refresh cookie speaks for is that person's and began since `since_ms`, in unix time.
pub fn began_since(conn: &Connection, cookie: Option<&[u8; 32]>, user_id: &str, since_ms: i64) -> Result<bool> {
    let Some(family) = family_of(conn, cookie, user_id)? else { return Ok(false) };
    let sql = "select exists (select 1 from sessions where family = ?1 and first_seen_ms >= ?2)";
    Ok(conn.prepare_cached(sql)?.query_row((family, since_ms), |row| row.get(0))?)
}

/// A person's sessions that still hold, the one seen last first.
pub fn list(conn: &Connection, user_id: &str, now: Timestamp) -> Result<Vec<SessionRow>> {
    let mut query = conn.prepare_cached(
        "select family, device, ip, first_seen_ms, last_seen_ms from sessions
         where user_id = ?1 and expires_at_ms > ?2 order by last_seen_ms desc, family",
    )?;
    let rows = query.query_map((user_id, now.as_millisecond()), |row| {
        let (family, device, ip) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(SessionRow { family, device, ip, first_seen_ms: row.get(3)?, last_seen_ms: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Clears away sessions and links whose time was over by `before`, also of those who never came back; returns how many refresh
/// tokens and links that was.
pub fn clear_old(conn: &Connection, before: Timestamp) -> Result<usize> {
    let before_ms = before.as_millisecond();
    conn.execute("delete from sessions where expires_at_ms <= ?1", [before_ms])?;
    let links = conn.execute("delete from links where expires_at_ms <= ?1", [before_ms])?;
    Ok(links + conn.execute("delete from refresh_tokens where expires_at_ms <= ?1", [before_ms])?)
}

/// Ends whatever lets somebody in besides a password: sessions, links, API keys, passkeys, and every access token that any version of this
/// store has issued before `now`. For a store that comes from a backup: what was revoked since then would come back with it.
pub fn end_all(conn: &Connection, now: Timestamp) -> Result<()> {
    for table in ["sessions", "refresh_tokens", "links", "api_keys", "passkeys"] {
        conn.execute(&format!("delete from {table}"), [])?;
    }
    conn.execute("update users set token_version = max(token_version + 1, ?1)", [now.as_second()])?;
    Ok(())
}

/// Ends one session; false where the person has no such session.
pub fn end_one(conn: &Connection, user_id: &str, family: &str) -> Result<bool> {
    let found =
        conn.prepare_cached("delete from sessions where user_id = ?1 and family = ?2")?.execute((user_id, family))?;
    conn.prepare_cached("delete from refresh_tokens where user_id = ?1 and family = ?2")?.execute((user_id, family))?;
    Ok(found > 0)
}

/// Ends the sessions of a person, all but one if one is named; returns how many that was.
pub fn end_others(conn: &Connection, user_id: &str, but: Option<&str>) -> Result<usize> {
    let but = but.unwrap_or_default();
    conn.prepare_cached("delete from refresh_tokens where user_id = ?1 and family <> ?2")?.execute((user_id, but))?;
    Ok(conn.prepare_cached("delete from sessions where user_id = ?1 and family <> ?2")?.execute((user_id, but))?)
}

/// Browser and system that a client says it is, in a few words of ours: nothing that it sent is kept as it came.
pub fn device(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, n)| *n);
    // In this order: most say of themselves that they are also the ones further down.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Chromium", "Chromium"),
        ("Safari", "Safari"),
        ("curl", "curl"),
        ("python", "Python"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (one, other) => one.or(other).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_in_words_of_ours() {
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("<script>alert(1)</script>", ""),
            ("", ""),
        ] {
            assert_eq!(device(agent), name, "{agent}");
        }
    }
}
