//! The quarterly review: who may what, what nobody uses, how old the keys are, and whether the chains and the backups hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::{Audit, Report};
use crate::auth::Role;
use crate::auth::instance::{self, TokenRow};
use crate::error::Result;
use crate::events::{self, Archives};
use crate::tenants::TenantInfo;

/// Days without use after which a person or a key is dormant; denials are counted over as many.
const DORMANT_DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// All that is reviewed.
#[derive(Debug, Serialize)]
pub struct Review {
    /// When.
    pub at: Timestamp,
    /// Tenant by tenant.
    pub tenants: Vec<OfTenant>,
    /// Ages of the keys that sign access tokens, in days.
    pub signing_key_days: Vec<i64>,
    /// Every instance token.
    pub instance_tokens: Vec<TokenLine>,
    /// What was refused in the last 90 days, by kind, in the whole installation.
    pub denials: Vec<(String, i64)>,
    /// Each chain in a sentence.
    pub chains: Vec<String>,
    /// Days of signed heads.
    pub heads: usize,
    /// What is wrong with their files.
    pub head_faults: Vec<String>,
}

/// A tenant's part.
#[derive(Debug, Default, Serialize)]
pub struct OfTenant {
    /// The name used in commands.
    pub tenant: String,
    /// Why there is nothing more: its store does not open.
    pub unreadable: Option<String>,
    /// Everybody.
    pub people: Vec<PersonLine>,
    /// Every API key.
    pub keys: Vec<KeyLine>,
    /// When an archive was last restored for a rehearsal, and whether it was sound.
    pub rehearsal: Option<(Timestamp, bool)>,
}

/// A person.
#[derive(Debug, Serialize)]
pub struct PersonLine {
    email: String,
    role: String,
    active: bool,
    second_factor: bool,
    /// Days since the last sign-in; null for never.
    unused_days: Option<i64>,
    dormant: bool,
}

/// An API key.
#[derive(Debug, Serialize)]
pub struct KeyLine {
    name: String,
    made_by: String,
    permissions: String,
    age_days: i64,
    /// Below 0 once it is over.
    expires_in_days: i64,
    /// Days since the last use; null for never.
    unused_days: Option<i64>,
    dormant: bool,
}

/// An instance token.
#[derive(Debug, Serialize)]
pub struct TokenLine {
    name: String,
    id: String,
    /// Below 0 once it is over.
    expires_in_days: i64,
    /// Days since the last use; null for never.
    unused_days: Option<i64>,
    dormant: bool,
}

impl Audit {
    /// Reviews these tenants and, of the instance, what concerns them all. A tenant that cannot be read is said to be so.
    pub async fn review(&self, tenants: Vec<TenantInfo>) -> Result<Review> {
        let at = self.0.clock.system_time();
        let mut parts = Vec::new();
        for info in &tenants {
            let part = match self.tenants().open_even_closed(&info.id).await {
                Ok(tenant) => tenant.db().read(move |conn| of_tenant(conn, at)).await,
                Err(error) => Err(error),
            };
            let part =
                part.unwrap_or_else(|error| OfTenant { unreadable: Some(error.to_string()), ..Default::default() });
            parts.push(OfTenant { tenant: info.slug.clone(), ..part });
        }
        let Report { chains, heads, head_faults } = self.verify(tenants, true).await?;
        let of_all = self.tenants().clone();
        let of_instance = self.tenants().control().read(move |conn| of_instance(conn, &of_all.control_archives()?, at));
        let (signing_key_days, denials) = of_instance.await?;
        let tokens = instance::list(self.tenants()).await?;
        let instance_tokens = tokens.into_iter().map(|row| token_line(row, at)).collect();
        Ok(Review {
            at,
            tenants: parts,
            signing_key_days,
            instance_tokens,
            denials,
            chains: chains.iter().map(super::Chain::sentence).collect(),
            heads,
            head_faults: head_faults.into_iter().map(|fault| format!("{}: {}", fault.file, fault.reason)).collect(),
        })
    }
}

fn days(from_ms: i64, to: Timestamp) -> i64 {
    (to.as_millisecond() - from_ms).div_euclid(DAY_MS)
}

fn token_line(row: TokenRow, at: Timestamp) -> TokenLine {
    TokenLine {
        expires_in_days: -days(row.expires_at_ms, at),
        unused_days: row.last_used_ms.map(|last| days(last, at)),
        dormant: days(row.last_used_ms.unwrap_or(row.created_at_ms), at) >= DORMANT_DAYS,
        name: row.name,
        id: row.id,
    }
}

fn of_tenant(conn: &Connection, at: Timestamp) -> Result<OfTenant> {
    let mut people = conn.prepare(
        "select email, role, state = 'active',
            exists (select 1 from second_factors where user_id = users.id and confirmed_at_ms is not null),
            last_login_ms, created_at_ms from users order by email",
    )?;
    let people = people.query_map([], |row| {
        let (active, last, made): (bool, Option<i64>, i64) = (row.get(2)?, row.get(4)?, row.get(5)?);
        Ok(PersonLine {
            email: row.get(0)?,
            role: row.get(1)?,
            active,
            second_factor: row.get(3)?,
            unused_days: last.map(|last| days(last, at)),
            dormant: active && days(last.unwrap_or(made), at) >= DORMANT_DAYS,
        })
    })?;
    let people = people.collect::<rusqlite::Result<_>>()?;
    let mut keys = conn.prepare(
        "select k.name, u.email, k.permissions, k.created_at_ms, k.expires_at_ms, k.last_used_ms
         from api_keys k join users u on u.id = k.user_id order by k.created_at_ms, k.id",
    )?;
    let keys = keys.query_map([], |row| {
        let (made, ends, last): (i64, i64, Option<i64>) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(KeyLine {
            name: row.get(0)?,
            made_by: row.get(1)?,
            permissions: row.get(2)?,
            age_days: days(made, at),
            expires_in_days: -days(ends, at),
            unused_days: last.map(|last| days(last, at)),
            dormant: days(last.unwrap_or(made), at) >= DORMANT_DAYS,
        })
    })?;
    let keys = keys.collect::<rusqlite::Result<_>>()?;
    let mut rehearsal = conn.prepare(
        "select at_ms, coalesce(data ->> '$.sound', 0) from events_known where kind = 'backup.verified' order by seq desc limit 1",
    )?;
    let mut rows = rehearsal.query([])?;
    let rehearsal = match rows.next()? {
        Some(row) => Some((Timestamp::from_millisecond(row.get(0)?).unwrap_or_default(), row.get(1)?)),
        None => None,
    };
    Ok(OfTenant { people, keys, rehearsal, ..Default::default() })
}

/// Ages of signing keys in days, and what was refused by kind.
type OfInstance = (Vec<i64>, Vec<(String, i64)>);

fn of_instance(conn: &Connection, archives: &Archives, at: Timestamp) -> Result<OfInstance> {
    let mut keys = conn.prepare("select created_at_ms from signing_keys order by created_at_ms")?;
    let keys = keys.query_map([], |row| Ok(days(row.get(0)?, at)))?.collect::<rusqlite::Result<_>>()?;
    let since = at.as_millisecond() - DORMANT_DAYS * DAY_MS;
    let mut counts = BTreeMap::new();
    count_denials(conn, since, &mut counts)?;
    events::each_archived(conn, archives, since, |archived| count_denials(archived, since, &mut counts))?;
    let mut denials: Vec<(String, i64)> = counts.into_iter().collect();
    denials.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok((keys, denials))
}

/// What was refused by kind, from the table `events`.
fn count_denials(conn: &Connection, since_ms: i64, counts: &mut BTreeMap<String, i64>) -> Result<()> {
    let mut denials = conn.prepare(
        "select kind, sum(coalesce(data ->> '$.count', 1)) from events
         where actor = 'stranger' and at_ms >= ?1 group by kind",
    )?;
    let mut rows = denials.query([since_ms])?;
    while let Some(row) = rows.next()? {
        let (kind, count): (String, i64) = (row.get(0)?, row.get(1)?);
        *counts.entry(kind).or_default() += count;
    }
    Ok(())
}

impl Review {
    /// Whether every chain and every signed head holds.
    pub fn is_sound(&self) -> bool {
        self.head_faults.is_empty() && self.chains.iter().all(|chain| chain.ends_with("unbroken"))
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("# Access review, {}\n\n", self.at.strftime("%Y-%m-%d"));
        text.push_str("## Event chains\n\n");
        self.chains.iter().for_each(|chain| push(&mut text, chain));
        push(&mut text, &format!("signed heads: {} days", self.heads));
        self.head_faults.iter().for_each(|fault| push(&mut text, &format!("signed heads: {fault}")));
        text.push_str("\n## The installation\n\n");
        for days in &self.signing_key_days {
            push(&mut text, &format!("a key that signs access tokens is {days} days old"));
        }
        for token in &self.instance_tokens {
            let TokenLine { name, id, expires_in_days, unused_days, dormant } = token;
            let (used, dormant) = (used(*unused_days), if *dormant { ", dormant" } else { "" });
            push(
                &mut text,
                &format!("instance token {id} ({name}): last use {used}{dormant}, {expires_in_days} days to go"),
            );
        }
        for (kind, count) in &self.denials {
            push(&mut text, &format!("{kind}: refused {count} times in {DORMANT_DAYS} days"));
        }
        for tenant in &self.tenants {
            tenant.write(&mut text);
        }
        text
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str("- ");
    text.push_str(&plain(line));
    text.push('\n');
}

/// Names come from people: none of them ends a line, a cell, or begins a tag or a link.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => out.push(' '),
            '|' | '<' | '>' | '[' | ']' | '`' | '*' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out
}

fn used(days: Option<i64>) -> String {
    days.map_or_else(|| "never".to_owned(), |days| format!("{days} days ago"))
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

impl OfTenant {
    fn write(&self, text: &mut String) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n## Tenant {}\n", plain(&self.tenant));
        if let Some(why) = &self.unreadable {
            push(text, &format!("it cannot be read: {why}"));
            return;
        }
        let dormant = self.people.iter().filter(|person| person.dormant).count();
        let keys = self.keys.iter().filter(|key| key.dormant).count();
        let without = self.people.iter().filter(|person| person.active && !person.second_factor).count();
        push(
            text,
            &format!(
                "{dormant} of {} people and {keys} of {} keys are dormant: {DORMANT_DAYS} days or more without use",
                self.people.len(),
                self.keys.len()
            ),
        );
        push(text, &format!("{without} people without a second factor"));
        push(
            text,
            &match &self.rehearsal {
                None => "no backup was restored for a rehearsal yet".to_owned(),
                Some((at, true)) => format!("last restore rehearsal: {at}, sound"),
                Some((at, false)) => format!("last restore rehearsal: {at}, NOT SOUND"),
            },
        );
        text.push_str("\n| role | permissions | people |\n|---|---|---|\n");
        for role in Role::ALL {
            let permissions: Vec<_> = role.permissions().iter().map(|permission| permission.name()).collect();
            let count = self.people.iter().filter(|person| person.active && person.role == role.name()).count();
            let _ = writeln!(text, "| {role} | {} | {count} |", permissions.join(", "));
        }
        text.push_str(
            "\n| person | role | active | second factor | last sign-in | dormant |\n|---|---|---|---|---|---|\n",
        );
        for person in &self.people {
            let PersonLine { email, role, active, second_factor, unused_days, dormant } = person;
            let (active, factor, last, dormant) =
                (yes(*active), yes(*second_factor), used(*unused_days), yes(*dormant));
            let _ = writeln!(text, "| {} | {role} | {active} | {factor} | {last} | {dormant} |", plain(email));
        }
        text.push_str("\n| key | made by | permissions | age, days | expires in, days | last use | dormant |\n|---|---|---|---|---|---|---|\n");
        for key in &self.keys {
            let (name, by, last) = (plain(&key.name), plain(&key.made_by), used(key.unused_days));
            let (may, age, ends) = (&key.permissions, key.age_days, key.expires_in_days);
            let _ = writeln!(text, "| {name} | {by} | {may} | {age} | {ends} | {last} | {} |", yes(key.dormant));
        }
    }
}
