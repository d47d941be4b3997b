//! The first run: nobody can sign in yet, so whoever reads the server's log makes the first tenant and its owner. Once.

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::cookie::RefreshToken;
use super::login::{Factor, Opening, SignedIn, begin_session};
use super::people::{NewPerson, create_person, parse_name};
use super::permission::Role;
use super::session::Auth;
use crate::error::{Error, Result};
use crate::events::{Author, Denial};
use crate::http;
use crate::secrets::{constant_time_eq, random_bytes};
use crate::tenants::Tenants;

/// Wrong tokens that one address may try within a quarter of an hour.
const WRONG_TOKENS: u32 = 5;

/// The state of the first run.
pub struct Setup {
    token: Mutex<Option<SecretString>>,
    /// One at a time, so that exactly one wins.
    turn: tokio::sync::Mutex<()>,
}

/// The body of `POST /api/setup`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    /// From the server's log, or `pulsepoint setup-token`.
    #[schema(value_type = String)]
    token: SecretString,
    /// The name of the company or shop.
    tenant_name: String,
    email: String,
    name: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl Setup {
    /// Makes a token if nobody can sign in yet.
    pub async fn start(tenants: &Tenants) -> Result<Self> {
        let token = is_needed(tenants).await?.then(new_token);
        Ok(Self { token: Mutex::new(token), turn: tokio::sync::Mutex::new(()) })
    }

    /// The token, as long as it is good.
    pub fn token(&self) -> Option<String> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().map(|token| token.expose_secret().to_owned())
    }

    /// Whether the first run is still to come. People added by a command end it too.
    pub async fn is_needed(&self, tenants: &Tenants) -> Result<bool> {
        if self.token().is_none() {
            return Ok(false);
        }
        let needed = is_needed(tenants).await?;
        if !needed {
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(needed)
    }
}

/// Makes the first tenant and its owner, and signs the owner in.
pub async fn set_up(
    auth: &Auth,
    body: NewOwner,
    device: String,
    scope: &http::Scope,
) -> Result<(SignedIn, RefreshToken)> {
    let setup = auth.setup();
    let _turn = setup.turn.lock().await;
    if !setup.is_needed(auth.tenants()).await? {
        return Err(Error::NotFound);
    }
    let attempt = auth.guess(scope, "setup", WRONG_TOKENS, "POST /api/setup")?;
    let right = setup
        .token()
        .is_some_and(|token| constant_time_eq(token.as_bytes(), body.token.expose_secret().trim().as_bytes()));
    if !right {
        let denial = Denial { kind: "setup.refused", ip: scope.ip().to_string(), route: "POST /api/setup".into() };
        auth.denials().note(denial, None, Some(scope.id().as_str()));
        auth.count_failure(scope, "POST /api/setup");
        return Err(Error::SignInRequired {
            code: "wrong_setup_token",
            reason: "This is not the setup token. It changes at every start: read the newest line of the log.".into(),
        });
    }
    attempt.right();
    let name = parse_name("tenant_name", &body.tenant_name)?;
    let person = NewPerson::parse(&body.email, &body.name, Role::Owner, body.password)?;
    let tenant = auth.tenants().create(&free_slug(auth.tenants(), &name).await?, &name).await?;
    let by =
        Author { actor: "setup".into(), request_id: Some(scope.id().to_string()), ip: Some(scope.ip().to_string()) };
    let now = auth.clock().system_time();
    let owner = create_person((auth.tenants(), &tenant), person, (by.clone(), None), now).await;
    let owner = match owner {
        Ok(owner) => owner,
        Err(error) => {
            // Half a set-up is none: the tenant goes, and the reason why is what the caller needs to know.
            if let Err(left) = auth.tenants().delete(tenant.id()).await {
                tracing::error!(error = %left, "a tenant without an owner was left by a failed set-up");
            }
            return Err(error);
        }
    };
    *setup.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let (user_id, factor) = (owner.id, Factor::Code(None));
    let opening = Opening { user_id, by, device, verified: None, with: None, factor, also: None };
    begin_session(auth, &tenant, opening).await
}

async fn is_needed(tenants: &Tenants) -> Result<bool> {
    let count = |conn: &rusqlite::Connection| {
        Ok(conn.query_row("select count(*) from emails", [], |row| row.get::<_, i64>(0))?)
    };
    Ok(tenants.control().read(count).await? == 0)
}

/// 120 random bits in letters that are not mistaken for one another.
fn new_token() -> SecretString {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let bytes = random_bytes::<24>();
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(6).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-").into()
}

async fn free_slug(tenants: &Tenants, name: &str) -> Result<String> {
    let base = crate::auth::slug(name);
    let taken: Vec<String> = tenants.list().await?.into_iter().map(|tenant| tenant.slug).collect();
    let mut candidates = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
    Ok(candidates.find(|slug| !taken.contains(slug)).unwrap_or(base))
}
