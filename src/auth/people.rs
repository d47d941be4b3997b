//! A tenant's people: added, changed, removed. The last owner who can sign in stays one; only owners make or change owners.

use jiff::Timestamp;
use rusqlite::Transaction;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::links;
use super::member::User;
use super::passwords;
use super::permission::Role;
use super::reach::{Power, Reach, allows};
use super::roster::Roster;
use super::sessions;
use super::store::{self, PersonRow};
use crate::error::{Error, Result};
use crate::events::Author;
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
    /// The brands the person may know of.
    pub reach: Reach,
    /// Whether a second factor is in force.
    pub second_factor: bool,
    /// Passkeys that let the person in.
    pub passkeys: u32,
    /// Whether an account at the provider is bound to the person.
    pub provider_bound: bool,
}

/// A person to be added.
pub struct NewPerson {
    email: String,
    name: String,
    role: Role,
    password: SecretString,
    brands: Option<Vec<String>>,
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
    /// The brands the person may know of.
    pub brands: Option<Brands>,
}

/// Brands as people name them.
pub enum Brands {
    /// All, also those still to come.
    All,
    /// These, by id or slug.
    Only(Vec<String>),
}

impl NewPerson {
    /// Checks e-mail, name and password.
    pub fn parse(email: &str, name: &str, role: Role, password: SecretString) -> Result<Self> {
        let (email, name) = (parse_email(email)?, parse_name("name", name)?);
        passwords::check(&password, &email, &[&name])?;
        Ok(Self { email, name, role, password, brands: None })
    }

    /// The same person, who may know of these brands alone, by id or slug; of all where there is none.
    pub fn within(self, brands: Option<Vec<String>>) -> Self {
        Self { brands, ..self }
    }
}

/// Adds a person to a tenant and its e-mail to the login directory. `power` is the asker's; `None` for commands.
///
/// # Errors
/// `Forbidden` for more than the asker may, `Conflict` for an e-mail in use, `Invalid` for brands that are not there.
pub async fn create_person(
    (tenants, tenant): (&Tenants, &Tenant),
    new: NewPerson,
    (by, power): (Author, Option<Power>),
    now: Timestamp,
) -> Result<User> {
    let within = power.as_ref().map_or(Reach::All, |power| power.reach.clone());
    let brands = new.brands;
    let reach = tenant.db().read(move |conn| Reach::parse(conn, brands.as_deref(), &within)).await?;
    check_reach(new.role, &reach)?;
    allows(power.as_ref(), new.role, &reach)?;
    passwords::check(&new.password, &new.email, &[tenant.name(), tenant.slug(), &new.name])?;
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
            store::set_reach(tx, &added.id, &reach)?;
            by.tell(tx, now, "user.created", &subject(&added.id), told(added.role, &reach))
        })
        .await?;
    Ok(user)
}

/// Everybody of a tenant, by e-mail.
pub async fn list_people(tenant: &Tenant) -> Result<Vec<Person>> {
    let rows = tenant.db().read(store::list).await?;
    Ok(rows.into_iter().map(person).collect())
}

/// Changes a person. Another role, state or password, or other brands, end what the person is signed in with.
///
/// # Errors
/// `Forbidden` for more than the asker may, `Conflict` where nobody would stay owner, and for one's own password.
pub async fn update_person(
    tenant: &Tenant,
    id: &str,
    change: PersonChange,
    (by, power): (Author, Option<Power>),
    now: Timestamp,
) -> Result<Person> {
    let name = change.name.as_deref().map(|name| parse_name("name", name)).transpose()?;
    let wanted = id.to_owned();
    let row = tenant.db().read(move |conn| store::find(conn, &wanted)).await?.ok_or(Error::NotFound)?;
    let hash = match change.password {
        Some(password) => {
            allows(power.as_ref(), row.user.role, &row.reach)?;
            if power.as_ref().is_some_and(|power| power.person == id) {
                return Err(Error::conflict("own_account", "One's own password is changed on one's profile."));
            }
            passwords::check(&password, &row.user.email, &[tenant.name(), tenant.slug(), &row.user.name])?;
            Some(hash_password(password).await?)
        }
        None => None,
    };
    let edit = Edit { name, role: change.role, state: change.state, hash, brands: change.brands };
    let wanted = id.to_owned();
    let row = tenant.db().write(move |tx| edit.apply(tx, &wanted, (&by, power.as_ref()), now)).await?;
    Roster::of(tenant).forget(id);
    Ok(person(row))
}

/// Removes a person and frees its e-mail. The keys that the person made fall with them.
pub async fn remove_person(
    (tenants, tenant): (&Tenants, &Tenant),
    id: &str,
    (by, power): (Author, Option<Power>),
    now: Timestamp,
) -> Result<()> {
    let wanted = id.to_owned();
    let user = tenant
        .db()
        .write(move |tx| {
            let row = store::find(tx, &wanted)?.ok_or(Error::NotFound)?;
            allows(power.as_ref(), row.user.role, &row.reach)?;
            store::delete(tx, &wanted)?;
            keep_an_owner(tx, row.active && row.user.role == Role::Owner)?;
            by.tell(tx, now, "user.removed", &subject(&wanted), json!({ "role": row.user.role }))?;
            Ok(row.user)
        })
        .await?;
    let roster = Roster::of(tenant);
    roster.forget(id);
    roster.forget_keys();
    tenants.release_email(&user.email, tenant.id()).await
}

/// Ends every session of somebody, as when a phone was lost. Their password stays.
///
/// # Errors
/// `Forbidden` where the person may more than the asker, `NotFound`.
pub async fn sign_out_person(
    tenant: &Tenant,
    id: &str,
    (by, power): (Author, Option<Power>),
    now: Timestamp,
) -> Result<()> {
    let wanted = id.to_owned();
    let write = tenant.db().write(move |tx| {
        let row = store::find(tx, &wanted)?.ok_or(Error::NotFound)?;
        allows(power.as_ref(), row.user.role, &row.reach)?;
        let ended = sessions::end_others(tx, &wanted, None)?;
        store::void_tokens(tx, &wanted)?;
        by.tell(tx, now, "user.signed_out", &subject(&wanted), json!({ "sessions": ended })).map(drop)
    });
    write.await?;
    Roster::of(tenant).forget(id);
    Ok(())
}

/// A checked change, ready for its transaction.
struct Edit {
    name: Option<String>,
    role: Option<Role>,
    state: Option<State>,
    hash: Option<String>,
    brands: Option<Brands>,
}

impl Edit {
    fn apply(
        self,
        tx: &Transaction<'_>,
        id: &str,
        (by, power): (&Author, Option<&Power>),
        now: Timestamp,
    ) -> Result<PersonRow> {
        let mut row = store::find(tx, id)?.ok_or(Error::NotFound)?;
        let was = (row.user.role, row.active);
        let role = self.role.unwrap_or(row.user.role);
        let within = power.map_or(Reach::All, |power| power.reach.clone());
        let reach = match &self.brands {
            None => row.reach.clone(),
            Some(Brands::All) => Reach::All,
            Some(Brands::Only(names)) => Reach::parse(tx, Some(names), &within)?,
        };
        check_reach(role, &reach)?;
        allows(power, row.user.role, &row.reach)?;
        allows(power, role, &reach)?;
        let active = self.state.map_or(row.active, |state| state == State::Active);
        let changed: Vec<&str> = [
            ("name", self.name.as_ref().is_some_and(|name| *name != row.user.name)),
            ("role", role != row.user.role),
            ("state", active != row.active),
            ("password", self.hash.is_some()),
            ("brands", reach != row.reach),
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
        if reach != row.reach {
            store::set_reach(tx, id, &reach)?;
            row.reach = reach;
        }
        if changed.contains(&"state") || changed.contains(&"password") {
            sessions::end_others(tx, id, None)?;
            links::store::drop_resets(tx, id)?;
        }
        keep_an_owner(tx, was == (Role::Owner, true))?;
        let mut data = told(role, &row.reach);
        (data["changed"], data["active"]) = (json!(changed), json!(active));
        by.tell(tx, now, "user.updated", &subject(id), data)?;
        Ok(row)
    }
}

fn keep_an_owner(tx: &Transaction<'_>, was_owner: bool) -> Result<()> {
    if was_owner && store::active_owners(tx)? == 0 {
        return Err(Error::conflict("last_owner", "Somebody has to stay owner: make another person owner first."));
    }
    Ok(())
}

/// An owner answers for the tenant, hence sees all of it.
pub(super) fn check_reach(role: Role, reach: &Reach) -> Result<()> {
    match role == Role::Owner && *reach != Reach::All {
        true => Err(Error::invalid("brands", "An owner sees every brand.")),
        false => Ok(()),
    }
}

/// What events say of somebody's rights.
fn told(role: Role, reach: &Reach) -> serde_json::Value {
    match reach {
        Reach::All => json!({ "role": role }),
        Reach::Only(brands) => json!({ "role": role, "brands": brands.len() }),
    }
}

fn person(row: PersonRow) -> Person {
    let state = if row.active { State::Active } else { State::Disabled };
    let last_login_at = row.last_login_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let PersonRow { user, reach, second_factor, passkeys, provider_bound, .. } = row;
    Person { user, state, last_login_at, reach, second_factor, passkeys, provider_bound }
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
