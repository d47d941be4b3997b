//! A small provider of single sign-on over real HTTP: discovery, keys, the page people sign in at, tokens. It does what it is told,
//! right or wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pulsepoint::clock::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the provider calls the installation, and their secret.
pub const CLIENT: &str = "pulsepoint-at-juniper-oak";
pub const SECRET: &str = "a secret of the client, with : and %";

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signed {
    Right,
    /// With a key that is in no list.
    OtherKey,
    /// `alg: none`, without a signature.
    Not,
    /// HS256 with the public key, as it stands in the list, for a secret.
    WithPublicKey,
    /// HS256 with the client's secret.
    WithSecret,
}

/// What the provider does.
#[derive(Clone)]
pub struct Script {
    /// Merged into the claims of every token; null takes one away.
    pub claims: Value,
    pub signed: Signed,
    /// In place of the discovery document: status and body.
    pub discovery: Option<(u16, String)>,
    /// Merged into the discovery document.
    pub metadata: Value,
    /// In place of every token answer.
    pub token: Option<(u16, String)>,
    /// Which of the keys is listed and signs; the other is what `OtherKey` signs with.
    pub key: usize,
}

#[derive(Default)]
struct Seen {
    codes: HashMap<String, HashMap<String, String>>,
    discoveries: usize,
    tokens: usize,
}

/// The provider.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Seen>>,
}

impl Provider {
    /// One that vouches for this e-mail.
    pub async fn of(email: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let claims = json!({ "sub": "subject-1", "email": email, "email_verified": true });
        let (discovery, token, metadata) = (None, None, json!({}));
        let script = Script { claims, signed: Signed::Right, discovery, metadata, token, key: 0 };
        let provider = Self { url, script: Arc::new(Mutex::new(script)), seen: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery_document))
            .route("/jwks", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(tokens))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// Changes what it does from now on.
    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// Changes what it claims from now on.
    pub fn claim(&self, name: &str, value: Value) {
        self.set(|script| script.claims[name] = value);
    }

    pub fn script(&self) -> Script {
        self.script.lock().unwrap().clone()
    }

    /// How often its discovery document and its tokens were asked for.
    pub fn asked(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        (seen.discoveries, seen.tokens)
    }
}

fn pair(key: usize) -> (EncodingKey, Value) {
    let keys: Value = serde_json::from_str(include_str!("../../fixtures/oidc/keys.json")).unwrap();
    let der = BASE64_STANDARD.decode(keys[key]["pkcs1"].as_str().unwrap()).unwrap();
    let listed = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("key-{key}"), "n": keys[key]["n"],
        "e": keys[key]["e"] });
    (EncodingKey::from_rsa_der(&der), listed)
}

fn merged(mut into: Value, from: &Value) -> Value {
    for (name, value) in from.as_object().unwrap() {
        match value.is_null() {
            true => drop(into.as_object_mut().unwrap().remove(name)),
            false => into[name] = value.clone(),
        }
    }
    into
}

fn as_json(status: u16, body: String) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn discovery_document(State(provider): State<Provider>) -> Response {
    provider.seen.lock().unwrap().discoveries += 1;
    let (script, url) = (provider.script(), &provider.url);
    if let Some((status, body)) = script.discovery {
        return as_json(status, body);
    }
    let document = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    });
    as_json(200, merged(document, &script.metadata).to_string())
}

async fn keys(State(provider): State<Provider>) -> Response {
    as_json(200, json!({ "keys": [pair(provider.script().key).1] }).to_string())
}

/// The page where a person signs in: this one always does.
async fn authorize(State(provider): State<Provider>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let wanted = [("client_id", CLIENT), ("response_type", "code"), ("code_challenge_method", "S256")];
    if wanted.iter().any(|(name, value)| asked.get(*name).map(String::as_str) != Some(value)) {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let code = uuid::Uuid::new_v4().to_string();
    let back: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", &asked["state"])
        .append_pair("session_state", "of no interest")
        .finish();
    let location = format!("{}?{back}", asked["redirect_uri"]);
    provider.seen.lock().unwrap().codes.insert(code, asked);
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

async fn tokens(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let given: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let script = provider.script();
    let asked = {
        let mut seen = provider.seen.lock().unwrap();
        seen.tokens += 1;
        seen.codes.remove(&given["code"])
    };
    if let Some((status, body)) = script.token {
        return as_json(status, body);
    }
    let refuse = |why: &str| as_json(400, json!({ "error": "invalid_grant", "error_description": why }).to_string());
    let Some(asked) = asked else { return refuse("no such code") };
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let known = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET))));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&known) {
        return refuse("not the client");
    }
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(given["code_verifier"].as_bytes()));
    if challenge != asked["code_challenge"] || given["redirect_uri"] != asked["redirect_uri"] {
        return refuse("not who asked");
    }
    let now = Clock::system().system_time().as_second();
    let claims = json!({ "iss": provider.url, "aud": CLIENT, "nonce": asked["nonce"], "iat": now, "exp": now + 300 });
    let token = sign(&script, &merged(claims, &script.claims));
    as_json(200, json!({ "access_token": "unused", "token_type": "Bearer", "id_token": token }).to_string())
}

fn sign(script: &Script, claims: &Value) -> String {
    let (key, listed) = pair(script.key);
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(format!("key-{}", script.key));
    let by_secret = |secret: &[u8]| {
        let header = Header { alg: Algorithm::HS256, ..Header::default() };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    match script.signed {
        Signed::Right => jsonwebtoken::encode(&header, claims, &key).unwrap(),
        Signed::OtherKey => jsonwebtoken::encode(&header, claims, &pair(1 - script.key).0).unwrap(),
        Signed::Not => {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
        }
        Signed::WithPublicKey => by_secret(listed["n"].as_str().unwrap().as_bytes()),
        Signed::WithSecret => by_secret(SECRET.as_bytes()),
    }
}
