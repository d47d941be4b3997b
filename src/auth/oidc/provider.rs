//! The provider: what its discovery document says, the way there, and what it says of whoever comes back.
//!
//! Nothing is fetched until somebody wants to sign in. The document and the keys are kept for an hour; a token that is signed with
//! a key we do not know has them fetched once more, for providers change their keys.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenResponse,
};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SignatureVerificationError, StandardErrorResponse,
    TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::super::people::parse_email;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::outgoing::{self, Allowed};

/// How long a discovery document is believed.
const BELIEVED: Duration = Duration::from_secs(3600);
/// How soon it may be fetched again for a key that is not in it.
const AGAIN: Duration = Duration::from_secs(60);
/// Signatures that are accepted: those that only the provider can make.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// Values of `amr` and `acr` by which providers say that they asked for more than one factor.
const STRONG: [&str; 6] = [
    "mfa",
    "phr",
    "phrh",
    "http://schemas.microsoft.com/claims/multipleauthn",
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "https://refeds.org/profile/mfa",
];
/// Values of `amr` (RFC 8176) for what one knows; with one of [`HAD`] beside it, that makes two factors.
const KNOWN: [&str; 2] = ["pwd", "pin"];
/// Values of `amr` for what one has or is.
const HAD: [&str; 7] = ["otp", "hwk", "swk", "sc", "fpt", "face", "iris"];

type OurClient = Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    CoreTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider as the settings name it.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<SecretString>,
    redirect: RedirectUrl,
    ask: Ask,
    found: Mutex<Option<Found>>,
}

#[derive(Clone)]
struct Found {
    metadata: Arc<CoreProviderMetadata>,
    at: Instant,
}

/// What is kept while a person is at the provider.
pub(super) struct Way {
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
}

/// Who the provider says somebody is.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub issuer: String,
    pub subject: String,
    /// Lower case; none where the provider does not vouch for it.
    pub email: Option<String>,
    pub name: Option<String>,
    /// Whether the provider asked for a second factor.
    pub strong: bool,
}

impl Provider {
    /// Checks the settings; asks nobody.
    pub fn new(settings: &Settings, secret: Option<SecretString>, public: &Url) -> Result<Self> {
        let wrong = |key: &str, why: String| anyhow!("oidc.{key} = \"{}\" {why}", settings.issuer);
        let url = Url::parse(&settings.issuer).map_err(|error| wrong("issuer", format!("is no address: {error}")))?;
        let allowed = Allowed::by(&url).map_err(|why| wrong("issuer", why))?;
        if settings.client_id.is_empty() {
            return Err(anyhow!("oidc.client_id is missing: the provider hands it out with the client").into());
        }
        let redirect = public.join("/api/auth/oidc/callback").context("making the address of the callback")?;
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone()).context("reading oidc.issuer")?,
            client_id: ClientId::new(settings.client_id.clone()),
            secret,
            redirect: RedirectUrl::from_url(redirect),
            ask: Ask(allowed),
            found: Mutex::default(),
        })
    }

    /// The address of the issuer.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The address to send a browser to, and what is to be kept until it comes back with `state`.
    pub async fn way(&self, state: String, nonce: String) -> Result<(Url, Way)> {
        let client = self.client(&self.metadata(None).await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, _, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok((url, Way { nonce, verifier }))
    }

    /// Who comes back with a code.
    ///
    /// # Errors
    /// `SignInRequired` for whatever is wrong with the code or the token, `Unavailable` where the provider is not there.
    pub async fn identify(&self, code: String, way: Way) -> Result<Identity> {
        let metadata = self.metadata(None).await?;
        let client = self.client(&metadata);
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| refused(&error))?;
        let answer =
            request.set_pkce_verifier(way.verifier).request_async(&self.ask).await.map_err(|error| match &error {
                openidconnect::RequestTokenError::Request(_) => unavailable(&error),
                _ => refused(&told(&error)),
            })?;
        let token = answer.id_token().ok_or_else(|| refused(&"there is no ID token in the answer"))?;
        let verified = token.claims(&client.id_token_verifier().set_allowed_algs(ALGORITHMS), &way.nonce);
        let claims = match verified {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
            )) => {
                let client = self.client(&self.metadata(Some(&metadata)).await?);
                let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
                token.claims(&verifier, &way.nonce).map_err(|error| refused(&error))?.clone()
            }
            verified => verified.map_err(|error| refused(&error))?.clone(),
        };
        if claims.authorized_party().is_some_and(|party| **party != *self.client_id) {
            return Err(refused(&"the token was made for another client"));
        }
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > 255 {
            return Err(refused(&"the token names nobody"));
        }
        let email = claims.email().filter(|_| claims.email_verified() == Some(true));
        let methods: Vec<&str> =
            claims.auth_method_refs().into_iter().flatten().map(|method| method.as_str()).collect();
        let has = |list: &[&str]| methods.iter().any(|method| list.contains(method));
        let class = claims.auth_context_ref().is_some_and(|class| STRONG.contains(&class.as_str()));
        Ok(Identity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: subject.to_owned(),
            email: email.and_then(|email| parse_email(email).ok()),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()),
            strong: class || has(&STRONG) || (has(&KNOWN) && has(&HAD)),
        })
    }

    /// The discovery document with the keys. One fetch at a time; `but` is one whose keys did not do.
    async fn metadata(&self, but: Option<&Arc<CoreProviderMetadata>>) -> Result<Arc<CoreProviderMetadata>> {
        let mut found = self.found.lock().await;
        let fresh = |found: &&Found| match but {
            Some(old) if Arc::ptr_eq(old, &found.metadata) => found.at.elapsed() < AGAIN,
            _ => found.at.elapsed() < BELIEVED,
        };
        if let Some(found) = found.as_ref().filter(fresh) {
            return Ok(Arc::clone(&found.metadata));
        }
        let fetched = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.ask).await;
        let metadata = Arc::new(fetched.map_err(|error| unavailable(&told(&error)))?);
        let authorize = metadata.authorization_endpoint().url();
        Allowed::by(authorize).map_err(|why| unavailable(&format!("authorization_endpoint {authorize} {why}")))?;
        *found = Some(Found { metadata: Arc::clone(&metadata), at: Instant::now() });
        Ok(metadata)
    }

    fn client(&self, metadata: &Arc<CoreProviderMetadata>) -> OurClient {
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let kind = if in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Client::from_provider_metadata(CoreProviderMetadata::clone(metadata), self.client_id.clone(), secret)
            .set_auth_type(kind)
            .set_redirect_uri(self.redirect.clone())
    }
}

/// Asks the provider what the library wants to know.
struct Ask(Allowed);

impl<'c> AsyncHttpClient<'c> for Ask {
    type Error = outgoing::Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, outgoing::Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(outgoing::send(request, &self.0))
    }
}

/// An error with its causes. What the provider sent is not in it: that may hold a token.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn refused(why: &dyn std::fmt::Display) -> Error {
    tracing::warn!("a sign-in at the provider was refused: {why}");
    Error::SignInRequired { code: "sign_in_refused", reason: "The sign-in did not work. Try again.".into() }
}

fn unavailable(why: &dyn std::fmt::Display) -> Error {
    tracing::warn!("the provider of single sign-on cannot be used: {why}");
    let reason = "The sign-in provider cannot be reached. Try again later, or use your password.".into();
    Error::Unavailable { code: "provider_unavailable", reason, retry_after_secs: 30 }
}
