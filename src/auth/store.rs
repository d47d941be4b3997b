//! People in a tenant's SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::member::User;
use super::permission::{Permissions, Role};
use super::reach::Reach;
use crate::error::{Error, Result};

/// A person's row.
pub struct PersonRow {
    /// Who.
    pub user: User,
    /// PHC text.
    pub password_hash: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// The version that access tokens must have.
    pub token_version: i64,
    /// Milliseconds of unix time.
    pub last_login_ms: Option<i64>,
    /// The brands the person may know of.
    pub reach: Reach,
    /// Whether a second factor is in force.
    pub second_factor: bool,
    /// Whether a second factor is asked of everybody.
    pub second_factor_required: bool,
    /// Passkeys that let the person in.
    pub passkeys: u32,
    /// Whether an account at the provider is bound to the person.
    pub provider_bound: bool,
}

impl PersonRow {
    /// What the person may do at the moment, in a session that passed a second factor or did not: nothing while one is asked of
    /// them that neither they nor the session have.
    pub fn permissions(&self, strong: bool) -> Permissions {
        match self.second_factor_required && !self.second_factor && !strong {
            true => Permissions::default(),
            false => self.user.role.permissions(),
        }
    }
}

const COLUMNS: &str = "id, email, name, role, password_hash, state, token_version, last_login_ms,
    case all_brands when 0 then (select json_group_array(brand_id) from user_brands where user_id = users.id) end as brands,
    exists (select 1 from second_factors where user_id = users.id and confirmed_at_ms is not null) as second_factor,
    (select second_factor from sign_in_rules) as second_factor_required,
    (select count(*) from passkeys where user_id = users.id) as passkeys,
    exists (select 1 from oidc_subjects where user_id = users.id) as provider_bound";

fn read(row: &Row<'_>) -> rusqlite::Result<PersonRow> {
    let role: String = row.get("role")?;
    let state: String = row.get("state")?;
    Ok(PersonRow {
        // The table's check keeps the role one of ours; the least of them stands in for what cannot be.
        user: User {
            id: row.get("id")?,
            email: row.get("email")?,
            name: row.get("name")?,
            role: Role::parse(&role).unwrap_or(Role::Viewer),
        },
        password_hash: row.get("password_hash")?,
        active: state == "active",
        token_version: row.get("token_version")?,
        last_login_ms: row.get("last_login_ms")?,
        // SQLite made the list; should it not be one, the person sees nothing rather than all.
        reach: Reach::read(row.get::<_, Option<String>>("brands")?.as_deref()).unwrap_or(Reach::of(Vec::new())),
        second_factor: row.get("second_factor")?,
        second_factor_required: row.get("second_factor_required")?,
        passkeys: row.get("passkeys")?,
        provider_bound: row.get("provider_bound")?,
    })
}

/// The person of an id.
pub fn find(conn: &Connection, id: &str) -> Result<Option<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users where id = ?1"))?;
    Ok(query.query_row([id], read).optional()?)
}

/// The person of an e-mail, lower case.
pub fn find_by_email(conn: &Connection, email: &str) -> Result<Option<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users where email = ?1"))?;
    Ok(query.query_row([email], read).optional()?)
}

/// Everybody, by e-mail.
pub fn list(conn: &Connection) -> Result<Vec<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users order by email"))?;
    let rows = query.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Adds a person. An e-mail that is there already is a conflict.
pub fn insert(conn: &Connection, user: &User, password_hash: &str, now: Timestamp) -> Result<()> {
    let added = conn.execute(
        "insert into users (id, email, name, role, password_hash, created_at_ms) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (email) do nothing",
        params![user.id, user.email, user.name, user.role.name(), password_hash, now.as_millisecond()],
    )?;
    match added {
        0 => Err(Error::conflict("email_taken", "This e-mail address is in use already.")),
        _ => Ok(()),
    }
}

/// Writes a person's row as it shall be. `void_tokens` ends all access tokens.
pub fn update(conn: &Connection, row: &PersonRow, void_tokens: bool) -> Result<()> {
    conn.execute(
        "update users set name = ?2, role = ?3, password_hash = ?4, state = ?5, token_version = token_version + ?6 where id = ?1",
        params![
            row.user.id,
            row.user.name,
            row.user.role.name(),
            row.password_hash,
            if row.active { "active" } else { "disabled" },
            i64::from(void_tokens)
        ],
    )?;
    Ok(())
}

/// Writes which brands a person may know of.
pub fn set_reach(conn: &Connection, id: &str, reach: &Reach) -> Result<()> {
    conn.execute("update users set all_brands = ?2 where id = ?1", params![id, *reach == Reach::All])?;
    conn.execute("delete from user_brands where user_id = ?1", [id])?;
    if let Reach::Only(brands) = reach {
        let mut add = conn.prepare_cached("insert into user_brands (user_id, brand_id) values (?1, ?2)")?;
        for brand in brands.iter() {
            add.execute((id, brand))?;
        }
    }
    Ok(())
}

/// Removes a person with all refresh tokens, sessions, keys and links.
pub fn delete(conn: &Connection, id: &str) -> Result<()> {
    conn.execute("delete from users where id = ?1", [id])?;
    Ok(())
}

/// How many owners can sign in.
pub fn active_owners(conn: &Connection) -> Result<i64> {
    let mut query = conn.prepare_cached("select count(*) from users where role = 'owner' and state = 'active'")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// Ends all access tokens of a person.
pub fn void_tokens(conn: &Connection, id: &str) -> Result<()> {
    conn.prepare_cached("update users set token_version = token_version + 1 where id = ?1")?.execute([id])?;
    Ok(())
}

/// Notes that a person signed in.
pub fn note_login(conn: &Connection, id: &str, now: Timestamp) -> Result<()> {
    conn.prepare_cached("update users set last_login_ms = ?2 where id = ?1")?.execute((id, now.as_millisecond()))?;
    Ok(())
}

/// A brand, as far as people and keys are concerned with it. The brands themselves are another module's.
pub struct BrandRow {
    /// The row's own number.
    pub id: i64,
    /// The id users and scripts see.
    pub uid: String,
    /// The name in addresses.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// Whether it holds demo data.
    pub demo: bool,
}

/// The brands within reach, by name.
pub fn brands_within(conn: &Connection, reach: &Reach) -> Result<Vec<BrandRow>> {
    let mut brands = brands_in_short(conn)?;
    brands.retain(|brand| reach.holds(brand.id));
    Ok(brands)
}

/// Everybody's e-mail.
pub fn emails(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare("select email from users order by email")?;
    let emails = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(emails)
}

/// Every brand, by name.
pub fn brands_in_short(conn: &Connection) -> Result<Vec<BrandRow>> {
    let mut query = conn.prepare_cached("select id, uid, slug, name, demo from brands order by name, id")?;
    let rows = query.query_map([], |row| {
        let (id, uid, slug) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(BrandRow { id, uid, slug, name: row.get(3)?, demo: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The ids of a reach's brands as users see them, by name; nothing for all.
pub fn brand_uids(brands: &[BrandRow], reach: &Reach) -> Option<Vec<String>> {
    match reach {
        Reach::All => None,
        Reach::Only(_) => Some(brands.iter().filter(|b| reach.holds(b.id)).map(|b| b.uid.clone()).collect()),
    }
}
