//! Links that let somebody in once: an invitation, or the way to a new password. There is no mail server, so whoever makes one
//! hands it over. The store knows the token's hash alone; a link is gone once it was used, and with its time.

pub mod routes;
pub(super) mod store;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rusqlite::Transaction;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::cookie::TenantToken;
use super::member::User;
use super::passwords;
use super::people::{check_reach, parse_email, parse_name};
use super::permission::{Permission, Role};
use super::reach::{Power, Reach, allows};
use super::roster::Roster;
use super::session::Auth;
use super::{sessions, store as people};
use crate::error::{Error, Result};
use crate::events::{Author, Denial};
use crate::http;
use crate::secrets::{hash_password, random_bytes};
use crate::tenants::Tenant;
pub use store::LinkKind;
use store::LinkRow;

/// How long an invitation holds.
const INVITATION_MS: i64 = 7 * 24 * 3600 * 1000;
/// How long a link to a new password holds.
const RESET_MS: i64 = 24 * 3600 * 1000;
/// Wrong links that one address may try within a quarter of an hour.
const WRONG_LINKS: u32 = 20;

/// A link that was just made.
pub struct Made {
    /// Its id, to revoke it by.
    pub id: String,
    /// The address on this instance; what comes after the # never reaches a server's log.
    pub path: SecretString,
    /// When it is good no more.
    pub expires_at: Timestamp,
}

/// Somebody to be invited.
pub struct NewInvitation {
    /// As typed.
    pub email: String,
    /// What they shall be.
    pub role: Role,
    /// Ids or slugs of the brands they may know of; all where there is none.
    pub brands: Option<Vec<String>>,
}

/// Invites somebody. An earlier invitation of the same e-mail is good no more. `power` is the asker's; `None` for commands.
///
/// # Errors
/// `Forbidden` for more than the asker may, `Conflict` for somebody who is there already.
pub async fn invite(
    tenant: &Tenant,
    new: NewInvitation,
    (by, power): (Author, Option<Power>),
    now: Timestamp,
) -> Result<Made> {
    let email = parse_email(&new.email)?;
    let token = TenantToken::random(tenant.id());
    let hash = token.hash();
    let row = tenant
        .db()
        .write(move |tx| {
            let within = power.as_ref().map_or(Reach::All, |power| power.reach.clone());
            let reach = Reach::parse(tx, new.brands.as_deref(), &within)?;
            check_reach(new.role, &reach)?;
            allows(power.as_ref(), new.role, &reach)?;
            if people::find_by_email(tx, &email)?.is_some() {
                return Err(Error::conflict("email_taken", "This e-mail address is in use already."));
            }
            let made_by = power.map(|power| power.person);
            let row = row(LinkKind::Invitation, None, (email, new.role, reach), made_by, now);
            store::insert(tx, &row, &hash)?;
            let data = json!({ "role": row.role, "all_brands": row.reach == Reach::All });
            by.tell(tx, now, "invitation.created", &format!("invitation:{}", row.id), data)?;
            Ok(row)
        })
        .await?;
    Ok(made(&row, &token))
}

/// Makes a link by which a person sets a new password. An earlier one is good no more. The second factor stays.
///
/// # Errors
/// `Forbidden` where the person may more than the asker, `NotFound`, `Conflict` for oneself and for whoever may not sign in.
pub async fn reset(tenant: &Tenant, id: &str, (by, power): (Author, Option<Power>), now: Timestamp) -> Result<Made> {
    let (id, token) = (id.to_owned(), TenantToken::random(tenant.id()));
    let hash = token.hash();
    let row = tenant
        .db()
        .write(move |tx| {
            let person = people::find(tx, &id)?.ok_or(Error::NotFound)?;
            allows(power.as_ref(), person.user.role, &person.reach)?;
            if power.as_ref().is_some_and(|power| power.person == id) {
                return Err(Error::conflict("own_account", "One's own password is changed on one's profile."));
            }
            if !person.active {
                return Err(Error::conflict("disabled", "This person is disabled: enable them first."));
            }
            let (user, made_by) = (person.user, power.map(|power| power.person));
            let row = row(LinkKind::Reset, Some(user.id), (user.email, user.role, person.reach), made_by, now);
            store::insert(tx, &row, &hash)?;
            by.tell(tx, now, "password.reset_link", &format!("user:{id}"), json!({}))?;
            Ok(row)
        })
        .await?;
    Ok(made(&row, &token))
}

fn row(
    kind: LinkKind,
    user_id: Option<String>,
    (email, role, reach): (String, Role, Reach),
    made_by: Option<String>,
    now: Timestamp,
) -> LinkRow {
    let created_at_ms = now.as_millisecond();
    let holds = if kind == LinkKind::Reset { RESET_MS } else { INVITATION_MS };
    let (id, expires_at_ms) = (uuid::Uuid::new_v4().to_string(), created_at_ms + holds);
    LinkRow { id, kind, user_id, email, role, reach, made_by, created_at_ms, expires_at_ms }
}

fn made(row: &LinkRow, token: &TenantToken) -> Made {
    let page = if row.kind == LinkKind::Reset { "reset" } else { "join" };
    let path = format!("/{page}#{}", token.text().expose_secret()).into();
    Made { id: row.id.clone(), path, expires_at: Timestamp::from_millisecond(row.expires_at_ms).unwrap_or_default() }
}

/// Takes an open invitation back.
///
/// # Errors
/// `NotFound`, and `Forbidden` for one that the asker could not have made.
pub async fn revoke(tenant: &Tenant, id: &str, (by, power): (Author, Option<Power>), now: Timestamp) -> Result<()> {
    let id = id.to_owned();
    let write = tenant.db().write(move |tx| {
        let row = store::invitation(tx, &id, now)?.ok_or(Error::NotFound)?;
        allows(power.as_ref(), row.role, &row.reach)?;
        store::delete(tx, &id)?;
        by.tell(tx, now, "invitation.revoked", &format!("invitation:{id}"), json!({})).map(drop)
    });
    write.await
}

/// What somebody with a link is told of it.
pub struct Opened {
    /// The tenant that it lets into.
    pub tenant: Tenant,
    /// The rest.
    pub row: LinkRow,
}

/// Looks at a link without using it up.
///
/// # Errors
/// `NotFound` for whatever is wrong with it; `TooMany`.
pub async fn open(auth: &Auth, token: &str, scope: &http::Scope) -> Result<Opened> {
    let attempt = auth.guess(scope, "link", WRONG_LINKS, "POST /api/auth/links")?;
    let found = find(auth, token).await;
    match &found {
        Err(Error::NotFound) => {
            let denial =
                Denial { kind: "link.refused", ip: scope.ip().to_string(), route: "POST /api/auth/links".into() };
            auth.denials().note(denial, None, Some(scope.id().as_str()));
            auth.count_failure(scope, "POST /api/auth/links");
        }
        _ => attempt.undo(),
    }
    found
}

async fn find(auth: &Auth, token: &str) -> Result<Opened> {
    let token = TenantToken::parse(token.trim()).ok_or(Error::NotFound)?;
    let tenant = auth.tenants().open(&token.tenant).await?;
    let (hash, now) = (token.hash(), auth.clock().system_time());
    let row = tenant.db().read(move |conn| holding(conn, &hash, now)).await?;
    Ok(Opened { tenant, row })
}

/// The link of a hash, if it holds: its time is not over, and whoever made it could still make it.
fn holding(conn: &rusqlite::Connection, hash: &[u8; 32], now: Timestamp) -> Result<LinkRow> {
    let row = store::find(conn, hash, now)?.ok_or(Error::NotFound)?;
    if let Some(id) = &row.user_id {
        people::find(conn, id)?.filter(|person| person.active).ok_or(Error::NotFound)?;
    }
    if let Some(maker) = &row.made_by {
        let maker = people::find(conn, maker)?.filter(|person| person.active).ok_or(Error::NotFound)?;
        let role = maker.user.role;
        let power = Power {
            person: maker.user.id,
            owner: role == Role::Owner,
            permissions: role.permissions(),
            reach: maker.reach,
        };
        let still = power.permissions.has(Permission::Manage) && power.over(row.role, &row.reach).is_ok();
        still.then_some(()).ok_or(Error::NotFound)?;
    }
    Ok(row)
}

/// A part of the transaction in which an invitation is accepted: who it made is handed in.
pub(super) type Also = Box<dyn FnOnce(&Transaction<'_>, &str, &Author, Timestamp) -> Result<()> + Send>;

/// Uses an invitation up for whoever was shown elsewhere to have its e-mail. They get a password that nobody knows: a link sets
/// another. Returns whom it made.
///
/// # Errors
/// As [`open`]; `NotFound` for an invitation of another e-mail; `Conflict` when the e-mail was taken meanwhile.
pub(super) async fn accept_known(
    auth: &Auth,
    token: &SecretString,
    (email, name): (&str, Option<&str>),
    also: Also,
    scope: &http::Scope,
) -> Result<(Tenant, String)> {
    let Opened { tenant, row } = open(auth, token.expose_secret(), scope).await?;
    if row.kind != LinkKind::Invitation || row.email != email {
        return Err(Error::NotFound);
    }
    let token = TenantToken::parse(token.expose_secret().trim()).ok_or(Error::NotFound)?;
    let name = name.and_then(|name| parse_name("name", name).ok());
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email).chars().take(100).collect());
    let nobodys = BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>());
    let password = hash_password(nobodys.into()).await?;
    auth.tenants().register_email(&row.email, tenant.id()).await?;
    let (hash, now) = (token.hash(), auth.clock().system_time());
    let (request_id, ip) = (Some(scope.id().to_string()), Some(scope.ip().to_string()));
    let write = tenant.db().write(move |tx| {
        let row = holding(tx, &hash, now)?;
        store::delete(tx, &row.id)?;
        let id = uuid::Uuid::new_v4().to_string();
        let by = Author { actor: format!("user:{id}"), request_id, ip };
        let user = User { id, email: row.email, name, role: row.role };
        people::insert(tx, &user, &password, now)?;
        people::set_reach(tx, &user.id, &row.reach)?;
        let told = json!({ "role": user.role, "invitation": row.id });
        by.tell(tx, now, "invitation.accepted", &format!("user:{}", user.id), told)?;
        also(tx, &user.id, &by, now)?;
        Ok(user.id)
    });
    let id = write.await?;
    Roster::of(&tenant).forget(&id);
    Ok((tenant, id))
}

/// Uses a link up: the invited is somebody from now on, or the person has a new password and every session of theirs has ended.
/// Nobody is signed in by it: the sign-in that follows asks for the second factor, where there is one. Returns the e-mail.
///
/// # Errors
/// As [`open`]; `Invalid` for a bad name or password; `Conflict` when the e-mail was taken meanwhile.
pub async fn accept(
    auth: &Auth,
    token: &SecretString,
    name: Option<&str>,
    password: SecretString,
    scope: &http::Scope,
) -> Result<String> {
    let Opened { tenant, row } = open(auth, token.expose_secret(), scope).await?;
    let own = [tenant.name(), tenant.slug(), name.unwrap_or_default()];
    passwords::check(&password, &row.email, &own)?;
    let token = TenantToken::parse(token.expose_secret().trim()).ok_or(Error::NotFound)?;
    let name = match row.kind {
        LinkKind::Reset => String::new(),
        LinkKind::Invitation => parse_name("name", name.unwrap_or_default())?,
    };
    let password = hash_password(password).await?;
    if row.kind == LinkKind::Invitation {
        // As for everybody who is added: the directory first, since an entry without a person is harmless.
        auth.tenants().register_email(&row.email, tenant.id()).await?;
    }
    let (hash, now, email) = (token.hash(), auth.clock().system_time(), row.email);
    let (request_id, ip) = (Some(scope.id().to_string()), Some(scope.ip().to_string()));
    let write = tenant.db().write(move |tx| {
        let row = holding(tx, &hash, now)?;
        store::delete(tx, &row.id)?;
        let id = row.user_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let subject = format!("user:{id}");
        let by = Author { actor: subject.clone(), request_id, ip };
        if row.kind == LinkKind::Reset {
            let mut person = people::find(tx, &id)?.ok_or(Error::NotFound)?;
            person.password_hash = password;
            people::update(tx, &person, true)?;
            sessions::end_others(tx, &id, None)?;
            by.tell(tx, now, "password.reset", &subject, json!({}))?;
            return Ok(id);
        }
        let user = User { id: id.clone(), email: row.email, name, role: row.role };
        people::insert(tx, &user, &password, now)?;
        people::set_reach(tx, &id, &row.reach)?;
        by.tell(tx, now, "invitation.accepted", &subject, json!({ "role": user.role, "invitation": row.id }))?;
        Ok(id)
    });
    let id = write.await?;
    Roster::of(&tenant).forget(&id);
    Ok(email)
}
