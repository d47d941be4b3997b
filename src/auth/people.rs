//! A tenant's people: added, changed, removed. The last owner who can sign in stays one; only owners make or change owners.

use jiff::Timestamp;
use rusqlite::Transaction;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::member::{Author, User};
use super::passwords;
use super::permission::Role;
use super::roster::Roster;
use super::store::{self, PersonRow};
use crate::error::{Error, Result};
use crate::secrets::hash_password;
use crate::tenants::{Tenant, Tenants};

/// Whether a person may sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// May sign in.
    Active,
    /// May not.
    Disabled,
}

/// A person as its tenant's managers see it.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub user: User,
    /// Whether the person may sign in.
    pub state: State,
    /// When the person last signed in.
    pub last_login_at: Option<Timestamp>,
}

/// A person to be added.
pub struct NewPerson {
    email: String,
    name: String,
    role: Role,
    password: SecretString,
}

/// What is to change; `None` stays as it is.
#[derive(Default)]
pub struct PersonChange {
    /// The name.
    pub name: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// Whether the person may sign in.
    pub state: Option<State>,
    /// The password.
    pub password: Option<SecretString>,
}

impl NewPerson {
    /// Checks e-mail, name and password.
    pub fn parse(email: &str, name: &str, role: Role, password: SecretString) -> Result<Self> {
        let (email, name) = (parse_email(email)?, parse_name("name", name)?);
        passwords::check(&password, &email)?;
        Ok(Self { email, name, role, password })
    }
}

/// Adds a person to a tenant and its e-mail to the login directory. `by_role` is the asker's; `None` for commands.
pub async fn create_person(
    (tenants, tenant): (&Tenants, &Tenant),
    new: NewPerson,
    (by, by_role): (Author, Option<Role>),
    now: Timestamp,
) -> Result<User> {
    only_owners_touch_owners(by_role, &[new.role])?;
    let hash = hash_password(new.password).await?;
    let user = User { id: uuid::Uuid::new_v4().to_string(), email: new.email, name: new.name, role: new.role };
    if tenant
        .db()
        .read({
            let email = user.email.clone();
            move |conn| store::find_by_email(conn, &email)
        })
        .await?
        .is_some()
    {
        return Err(Error::conflict("email_taken", "This e-mail address is in use already."));
    }
    // The directory first: an entry without a person is harmless and is taken over by the next try, the other way round is not.
    tenants.register_email(&user.email, tenant.id()).await?;
    let added = user.clone();
    tenant
        .db()
        .write(move |tx| {
            store::insert(tx, &added, &hash, now)?;
            by.tell(tx, now, "user.created", &subject(&added.id), json!({ "role": added.role }))
        })
        .await?;
    Ok(user)
}

/// Everybody of a tenant, by e-mail.
pub async fn list_people(tenant: &Tenant) -> Result<Vec<Person>> {
    let rows = tenant.db().read(store::list).await?;
    Ok(rows.into_iter().map(person).collect())
}

/// Changes a person. Another role, state or password ends what the person is signed in with.
pub async fn update_person(
    tenant: &Tenant,
    id: &str,
    change: PersonChange,
    (by, by_role): (Author, Option<Role>),
    now: Timestamp,
) -> Result<Person> {
    let name = change.name.as_deref().map(|name| parse_name("name", name)).transpose()?;
    let wanted = id.to_owned();
    let row = tenant.db().read(move |conn| store::find(conn, &wanted)).await?.ok_or(Error::NotFound)?;
    let hash = match change.password {
        Some(password) => {
            only_owners_touch_owners(by_role, &[row.user.role])?;
            passwords::check(&password, &row.user.email)?;
            Some(hash_password(password).await?)
        }
        None => None,
    };
    let edit = Edit { name, role: change.role, state: change.state, hash };
    let wanted = id.to_owned();
    let row = tenant.db().write(move |tx| edit.apply(tx, &wanted, (&by, by_role), now)).await?;
    Roster::of(tenant).forget(id);
    Ok(person(row))
}

/// Removes a person and frees its e-mail.
pub async fn remove_person(
    (tenants, tenant): (&Tenants, &Tenant),
    id: &str,
    (by, by_role): (Author, Option<Role>),
    now: Timestamp,
) -> Result<()> {
    let wanted = id.to_owned();
    let user = tenant
        .db()
        .write(move |tx| {
            let row = store::find(tx, &wanted)?.ok_or(Error::NotFound)?;
            only_owners_touch_owners(by_role, &[row.user.role])?;
            store::delete(tx, &wanted)?;
            keep_an_owner(tx, row.active && row.user.role == Role::Owner)?;
            by.tell(tx, now, "user.removed", &subject(&wanted), json!({ "role": row.user.role }))?;
            Ok(row.user)
        })
        .await?;
    Roster::of(tenant).forget(id);
    tenants.release_email(&user.email, tenant.id()).await
}

/// A checked change, ready for its transaction.
struct Edit {
    name: Option<String>,
    role: Option<Role>,
    state: Option<State>,
    hash: Option<String>,
}

impl Edit {
    fn apply(
        self,
        tx: &Transaction<'_>,
        id: &str,
        (by, by_role): (&Author, Option<Role>),
        now: Timestamp,
    ) -> Result<PersonRow> {
        let mut row = store::find(tx, id)?.ok_or(Error::NotFound)?;
        let was = (row.user.role, row.active);
        let role = self.role.unwrap_or(row.user.role);
        only_owners_touch_owners(by_role, &[row.user.role, role])?;
        let active = self.state.map_or(row.active, |state| state == State::Active);
        let changed: Vec<&str> = [
            ("name", self.name.as_ref().is_some_and(|name| *name != row.user.name)),
            ("role", role != row.user.role),
            ("state", active != row.active),
            ("password", self.hash.is_some()),
        ]
        .into_iter()
        .filter_map(|(what, is)| is.then_some(what))
        .collect();
        if changed.is_empty() {
            return Ok(row);
        }
        row.user.name = self.name.unwrap_or(row.user.name);
        row.password_hash = self.hash.unwrap_or(row.password_hash);
        (row.user.role, row.active) = (role, active);
        let ends_sessions = changed.iter().any(|what| *what != "name");
        store::update(tx, &row, ends_sessions)?;
        if changed.contains(&"state") || changed.contains(&"password") {
            store::end_sessions(tx, id)?;
        }
        keep_an_owner(tx, was == (Role::Owner, true))?;
        by.tell(tx, now, "user.updated", &subject(id), json!({ "changed": changed, "role": role, "active": active }))?;
        Ok(row)
    }
}

fn keep_an_owner(tx: &Transaction<'_>, was_owner: bool) -> Result<()> {
    if was_owner && store::active_owners(tx)? == 0 {
        return Err(Error::conflict("last_owner", "Somebody has to stay owner: make another person owner first."));
    }
    Ok(())
}

fn only_owners_touch_owners(by_role: Option<Role>, roles: &[Role]) -> Result<()> {
    match by_role {
        Some(role) if role != Role::Owner && roles.contains(&Role::Owner) => {
            Err(Error::Forbidden { permission: "owner" })
        }
        _ => Ok(()),
    }
}

fn person(row: PersonRow) -> Person {
    let state = if row.active { State::Active } else { State::Disabled };
    let last_login_at = row.last_login_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Person { user: row.user, state, last_login_at }
}

fn subject(id: &str) -> String {
    format!("user:{id}")
}

/// An e-mail address, trimmed and lower case.
pub(super) fn parse_email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let sound = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.len() >= 3
            && domain.contains('.')
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    if !sound || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid("email", "This is not an e-mail address."));
    }
    Ok(email)
}

/// A name for people: 1 to 100 characters, no control characters.
pub(super) fn parse_name(field: &str, text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid(field, "A name has 1 to 100 characters, none of them a control character."));
    }
    Ok(name.to_owned())
}
