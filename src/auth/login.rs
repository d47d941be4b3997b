//! Signing in with e-mail and password, and what a session is told.

use jiff::Timestamp;
use rusqlite::Transaction;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::cookie::RefreshToken;
use super::member::User;
use super::people::parse_email;
use super::permission::{Permission, Permissions, Role};
use super::refresh;
use super::second::{self, Passed};
use super::session::Auth;
use super::sessions::{self, Seen};
use super::store::{self, PersonRow};
use super::tokens::{Claims, LIFETIME_SECS};
use crate::error::{Error, Result};
use crate::events::{Author, Denial};
use crate::http;
use crate::secrets::verify_password;
use crate::tenants::Tenant;

/// Wrong passwords that one address may try at one account within a quarter of an hour.
pub(super) const WRONG_PASSWORDS: u32 = 10;
const ROUTE: &str = "POST /api/auth/login";

/// The body of `POST /api/auth/login`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// The code of the second factor, or a recovery code; asked for by 401 `totp_required` after the right password.
    #[schema(value_type = Option<String>)]
    totp: Option<SecretString>,
}

/// What a session is told when it begins and when it is refreshed.
#[derive(Serialize, Debug, utoipa::ToSchema)]
pub struct SignedIn {
    /// To be sent as `Authorization: Bearer`; held in memory only.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
    /// Who signed in.
    pub user: UserView,
    /// Whose data.
    pub tenant: TenantView,
}

/// A person as it sees itself.
#[derive(Serialize, Debug, utoipa::ToSchema)]
pub struct UserView {
    /// UUID.
    pub id: String,
    /// Lower case.
    pub email: String,
    /// As the person writes it.
    pub name: String,
    /// What the person is in the tenant.
    pub role: Role,
    /// What the person may do: nothing while a second factor is asked for that is not set up.
    pub permissions: Vec<Permission>,
}

/// A tenant as its people see it.
#[derive(Serialize, Debug, utoipa::ToSchema)]
pub struct TenantView {
    /// UUID.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The name used in commands.
    pub slug: String,
}

impl UserView {
    /// A person who may do this.
    pub fn of(user: &User, permissions: Permissions) -> Self {
        Self {
            id: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            permissions: permissions.iter().collect(),
        }
    }
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.id().to_string(), name: tenant.name().to_owned(), slug: tenant.slug().to_owned() }
    }
}

/// A session that is to begin.
pub(super) struct Opening {
    /// Whose.
    pub user_id: String,
    /// Who is told of it.
    pub by: Author,
    /// The device it speaks from.
    pub device: String,
    /// The password hash that was checked; another one by now is a refusal.
    pub verified: Option<String>,
    /// What let the person in, where it was no password: `oidc`, `passkey`.
    pub with: Option<&'static str>,
    /// What there is of a second factor.
    pub factor: Factor,
    /// What else is to be written, or found as it was, for the session to begin.
    pub also: Option<Also>,
}

/// What there is of a second factor.
pub(super) enum Factor {
    /// The code that was sent, if any: it is asked for where one is set up.
    Code(Option<SecretString>),
    /// One that was passed already.
    Passed(Passed),
}

/// A part of the transaction in which a session begins.
pub(super) type Also = Box<dyn FnOnce(&Transaction<'_>, &Author, Timestamp) -> Result<()> + Send>;

/// Signs a person in. Whoever cannot gets one answer after one amount of work, whatever the reason.
/// Only whoever has shown the right password is told that a second factor is asked for.
pub async fn login(auth: &Auth, body: Login, device: String, scope: &http::Scope) -> Result<(SignedIn, RefreshToken)> {
    let email = parse_email(&body.email)?;
    let attempt = auth.guess(scope, &email, WRONG_PASSWORDS, ROUTE)?;
    let found = find(auth, &email).await?;
    let hash = found.as_ref().map(|(_, row)| row.password_hash.clone());
    let right = match verify_password(body.password, hash).await {
        Ok(right) => right,
        Err(error) => {
            attempt.undo();
            return Err(error);
        }
    };
    let Some((tenant, row)) = found.filter(|(_, row)| right && row.active) else {
        let denial = Denial { kind: "login.failed", ip: scope.ip().to_string(), route: ROUTE.into() };
        auth.denials().note(denial, None, Some(scope.id().as_str()));
        auth.count_failure(scope, ROUTE);
        return Err(Error::SignInRequired { code: "wrong_credentials", reason: "E-mail or password is wrong.".into() });
    };
    // Only whoever has shown the right password is told, as with the second factor.
    if let Err(closed) = auth.tenants().check_open(tenant.id()) {
        attempt.undo();
        auth.refuse("tenant.closed", ROUTE, &row.user.id, scope);
        return Err(closed);
    }
    let user_id = row.user.id;
    let by = Author {
        actor: format!("user:{user_id}"),
        request_id: Some(scope.id().to_string()),
        ip: Some(scope.ip().to_string()),
    };
    let guess = match body.totp.as_ref().filter(|_| row.second_factor).map(|_| auth.throttle().begin_code(&user_id)) {
        Some(Err(error)) => {
            attempt.undo();
            return Err(error);
        }
        guess => guess.and_then(Result::ok),
    };
    let verified = Some(row.password_hash);
    let (id, factor) = (user_id.clone(), Factor::Code(body.totp));
    let opening = Opening { user_id: id, by, device, verified, with: None, factor, also: None };
    let begun = begin_session(auth, &tenant, opening).await;
    match &begun {
        // The wrong code counts, here as there.
        Err(Error::SignInRequired { code: "wrong_totp", .. }) => {
            auth.refuse("second_factor.failed", ROUTE, &user_id, scope);
            auth.count_failure(scope, ROUTE);
        }
        Ok(_) => {
            attempt.right();
            if let Some(guess) = guess {
                guess.right();
            }
        }
        Err(_) => {
            attempt.undo();
            if let Some(guess) = guess {
                guess.undo();
            }
        }
    }
    begun
}

async fn find(auth: &Auth, email: &str) -> Result<Option<(Tenant, PersonRow)>> {
    let Some(id) = auth.tenants().by_email(email).await? else { return Ok(None) };
    let tenant = auth.tenants().open_even_closed(&id).await?;
    let email = email.to_owned();
    let row = tenant.db().read(move |conn| store::find_by_email(conn, &email)).await?;
    Ok(row.map(|row| (tenant, row)))
}

/// Begins a session of a person: a new family of refresh tokens, an event, an access token.
pub(super) async fn begin_session(auth: &Auth, tenant: &Tenant, opening: Opening) -> Result<(SignedIn, RefreshToken)> {
    let now = auth.clock().system_time();
    let token = RefreshToken::random(tenant.id());
    let (hash, inside, idle_ms) = (token.hash(), tenant.clone(), auth.session_idle_ms());
    let begun = tenant
        .db()
        .write(move |tx| {
            let Opening { user_id, by, device, verified, with, factor, also } = opening;
            // Read again: what was checked before the transaction may have changed since.
            let found = store::find(tx, &user_id)?.filter(|row| row.active);
            let row = found.filter(|row| verified.is_none_or(|hash| hash == row.password_hash));
            let row = row.ok_or_else(super::sign_in)?;
            if let Some(also) = also {
                also(tx, &by, now)?;
            }
            let passed = match factor {
                Factor::Code(code) => second::pass(tx, &inside, &user_id, code.as_ref(), now)?,
                Factor::Passed(passed) => passed,
            };
            store::note_login(tx, &user_id, now)?;
            let (seen, strong) = (Seen { device, ip: by.ip.clone().unwrap_or_default() }, passed != Passed::NotAsked);
            let first = refresh::first_of_family(idle_ms, &user_id, strong, now);
            sessions::begin(tx, &hash, &first, &seen, now)?;
            let mut told = passed.told();
            if let Some(with) = with {
                told["with"] = with.into();
            }
            by.tell(tx, now, "login", &format!("user:{user_id}"), told)?;
            Ok((row, strong))
        })
        .await?;
    Ok((signed_in(auth, tenant, (&begun.0, begun.1), now)?, token))
}

/// The answer to a person who is signed in as of `now`, in a session that passed a second factor or did not.
pub(super) fn signed_in(
    auth: &Auth,
    tenant: &Tenant,
    (row, strong): (&PersonRow, bool),
    now: Timestamp,
) -> Result<SignedIn> {
    let claims = Claims::new(tenant.id().as_str(), &row.user.id, row.user.role, row.token_version, now).strong(strong);
    Ok(SignedIn {
        access_token: auth.signer().sign(&claims)?,
        token_type: "Bearer".into(),
        expires_in: LIFETIME_SECS,
        user: UserView::of(&row.user, row.permissions(strong)),
        tenant: tenant.into(),
    })
}
