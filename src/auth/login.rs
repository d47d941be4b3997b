//! Signing in with e-mail and password, and what a session is told.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cookie::RefreshToken;
use super::member::{Author, User};
use super::people::parse_email;
use super::permission::{Permission, Role};
use super::refresh;
use super::session::Auth;
use super::store::{self, PersonRow};
use super::tokens::{Claims, LIFETIME_SECS};
use crate::error::{Error, Result};
use crate::events::Denial;
use crate::http;
use crate::secrets::verify_password;
use crate::tenants::Tenant;

/// Wrong passwords that one address may try at one account within a quarter of an hour.
const WRONG_PASSWORDS: u32 = 10;

/// The body of `POST /api/auth/login`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
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
    /// What the role may do.
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

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role,
            permissions: user.role.permissions().iter().collect(),
        }
    }
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.id().to_string(), name: tenant.name().to_owned(), slug: tenant.slug().to_owned() }
    }
}

/// Signs a person in. Whoever cannot gets one answer after one amount of work, whatever the reason.
pub async fn login(auth: &Auth, body: Login, scope: &http::Scope) -> Result<(SignedIn, RefreshToken)> {
    let email = parse_email(&body.email)?;
    let attempt = auth.throttle().begin(scope.ip().key(), &email, WRONG_PASSWORDS)?;
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
        let denial = Denial { kind: "login.failed", ip: scope.ip().to_string(), route: "POST /api/auth/login".into() };
        auth.denials().note(denial, None, Some(scope.id().as_str()));
        return Err(Error::SignInRequired { code: "wrong_credentials", reason: "E-mail or password is wrong.".into() });
    };
    attempt.right();
    let by = Author {
        actor: format!("user:{}", row.user.id),
        request_id: Some(scope.id().to_string()),
        ip: Some(scope.ip().to_string()),
    };
    begin_session(auth, &tenant, &row.user.id, by, "login").await
}

async fn find(auth: &Auth, email: &str) -> Result<Option<(Tenant, PersonRow)>> {
    let Some(id) = auth.tenants().by_email(email).await? else { return Ok(None) };
    let tenant = auth.tenants().open(&id).await?;
    let email = email.to_owned();
    let row = tenant.db().read(move |conn| store::find_by_email(conn, &email)).await?;
    Ok(row.map(|row| (tenant, row)))
}

/// Begins a session of a person: a new family of refresh tokens, an event, an access token.
pub(super) async fn begin_session(
    auth: &Auth,
    tenant: &Tenant,
    user_id: &str,
    by: Author,
    kind: &'static str,
) -> Result<(SignedIn, RefreshToken)> {
    let now = auth.clock().system_time();
    let token = RefreshToken::random(tenant.id());
    let (hash, user_id) = (token.hash(), user_id.to_owned());
    let row = tenant
        .db()
        .write(move |tx| {
            // Read again: what was checked before the transaction may have changed since.
            let row = store::find(tx, &user_id)?.filter(|row| row.active).ok_or_else(super::sign_in)?;
            store::note_login(tx, &user_id, now)?;
            store::insert_refresh(tx, &hash, &refresh::first_of_family(&user_id, now), now)?;
            by.tell(tx, now, kind, &format!("user:{user_id}"), json!({}))?;
            Ok(row)
        })
        .await?;
    Ok((signed_in(auth, tenant, &row, now)?, token))
}

/// The answer to a person who is signed in as of `now`.
pub(super) fn signed_in(auth: &Auth, tenant: &Tenant, row: &PersonRow, now: Timestamp) -> Result<SignedIn> {
    let claims = Claims::new(tenant.id().as_str(), &row.user.id, row.user.role, row.token_version, now);
    Ok(SignedIn {
        access_token: auth.signer().sign(&claims)?,
        token_type: "Bearer".into(),
        expires_in: LIFETIME_SECS,
        user: (&row.user).into(),
        tenant: tenant.into(),
    })
}
