//! Forged, stale and borrowed access tokens.

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use hmac::{Hmac, KeyInit, Mac};
use pulsepoint::auth::Role;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384};

use crate::support::app::{Shop, TestApp};

struct Forge {
    app: TestApp,
    shop: Shop,
    kid: String,
    secret: Vec<u8>,
    claims: Value,
}

impl Forge {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let shop = app.shop("juniper-oak").await;
        let key = &app.app.tenants.jwt_keys()[0];
        let (kid, secret) = (key.kid().to_owned(), key.secret().to_vec());
        let token = app.token(&shop, Role::Owner);
        let claims = serde_json::from_slice(&B64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        Self { app, shop, kid, secret, claims }
    }

    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "HS256", "kid": self.kid })
    }

    fn token(&self, header: &str, claims: &str, secret: &[u8]) -> String {
        let text = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let mut mac = <Hmac<Sha256>>::new_from_slice(secret).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", B64.encode(mac.finalize().into_bytes()))
    }

    /// Sound but for the header.
    fn with_header(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header();
        change(&mut header);
        self.token(&header.to_string(), &self.claims.to_string(), &self.secret)
    }

    /// Sound but for the claims.
    fn with_claims(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        self.token(&self.header().to_string(), &claims.to_string(), &self.secret)
    }

    async fn status(&self, token: &str) -> StatusCode {
        self.app.get("/api/auth/me", token).await.status
    }
}

fn forged(forge: &Forge) -> Vec<(&'static str, String)> {
    let sound = forge.with_header(|_| {});
    let parts: Vec<&str> = sound.split('.').collect();
    let (header, claims) = (forge.header().to_string(), forge.claims.to_string());
    let mut tokens: Vec<(&str, String)> = ["none", "None", "NONE", "nOnE", ""]
        .into_iter()
        .map(|alg| {
            (
                "alg none",
                format!(
                    "{}.{}.",
                    B64.encode(json!({ "typ": "JWT", "alg": alg, "kid": forge.kid }).to_string()),
                    parts[1]
                ),
            )
        })
        .collect();
    let doubled = header.replacen('{', "{\"alg\":\"none\",", 1);
    let mut mac = <Hmac<Sha384>>::new_from_slice(&forge.secret).unwrap();
    let strong =
        format!("{}.{}", B64.encode(json!({ "typ": "JWT", "alg": "HS384", "kid": forge.kid }).to_string()), parts[1]);
    mac.update(strong.as_bytes());
    tokens.extend([
        ("alg missing", forge.with_header(|h| drop(h.as_object_mut().unwrap().remove("alg")))),
        ("HS384", format!("{strong}.{}", B64.encode(mac.finalize().into_bytes()))),
        ("RS256", forge.with_header(|h| h["alg"] = json!("RS256"))),
        ("alg twice", forge.token(&doubled, &claims, &forge.secret)),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{sound}.{}", parts[2])),
        ("padded signature", format!("{sound}=")),
        ("trailing space", format!("{sound} ")),
        ("empty secret", forge.token(&header, &claims, b"")),
        ("guessed secret", forge.token(&header, &claims, b"secret")),
        (
            "own key in jwk",
            forge.with_header(|h| h["jwk"] = json!({ "kty": "oct", "alg": "HS256", "k": B64.encode("x".repeat(32)) })),
        ),
        ("jku", forge.with_header(|h| h["jku"] = json!("http://127.0.0.1:9/keys.json"))),
        ("kid as path", forge.with_header(|h| h["kid"] = json!("../../dev/null"))),
        ("kid as SQL", forge.with_header(|h| h["kid"] = json!("x' union select 'k' --"))),
        ("kid missing", forge.with_header(|h| drop(h.as_object_mut().unwrap().remove("kid")))),
        ("another typ", forge.with_header(|h| h["typ"] = json!("at+jwt"))),
        ("exp missing", forge.with_claims(|c| drop(c.as_object_mut().unwrap().remove("exp")))),
        ("exp as text", forge.with_claims(|c| c["exp"] = json!("9999999999"))),
        ("exp 1e308", forge.token(&header, &claims.replace(&forge.claims["exp"].to_string(), "1e308"), &forge.secret)),
        ("exp -1", forge.with_claims(|c| c["exp"] = json!(-1))),
        ("signature of another token", format!("{}.{}.{}", parts[0], B64.encode("{}"), parts[2])),
        ("one bit flipped", format!("{}.{}.{}A", parts[0], parts[1], &parts[2][..parts[2].len() - 1])),
        ("setup purpose", "abcdef-ghjkmn".into()),
    ]);
    tokens
}

#[tokio::test]
async fn forged_tokens_get_the_stranger_s_answer() {
    let forge = Forge::new().await;
    assert_eq!(forge.status(&forge.with_header(|_| {})).await, StatusCode::OK, "the forge itself is sound");
    let stranger = forge.app.ask(Method::GET, "/api/auth/me", None, None).await;
    let tokens = forged(&forge);
    assert!(tokens.len() >= 22);
    for (name, token) in &tokens {
        let answer = forge.app.get("/api/auth/me", token).await;
        // "A" may be the very letter that stood there.
        if *name == "one bit flipped" && *token == forge.with_header(|_| {}) {
            continue;
        }
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {token}");
        assert_eq!(answer.comparable(), stranger.comparable(), "{name}");
    }
}

#[tokio::test]
async fn time_is_kept_to_the_second() {
    let forge = Forge::new().await;
    let now = forge.app.app.clock.system_time().as_second();
    for (name, token) in [
        ("just over", forge.with_claims(|c| c["exp"] = json!(now))),
        ("a second over", forge.with_claims(|c| c["exp"] = json!(now - 1))),
        ("a minute over", forge.with_claims(|c| c["exp"] = json!(now - 61))),
        ("not yet", forge.with_claims(|c| c["nbf"] = json!(now + 3600))),
        ("made tomorrow", forge.with_claims(|c| c["iat"] = json!(now + 86_400))),
    ] {
        assert_eq!(forge.status(&token).await, StatusCode::UNAUTHORIZED, "{name}");
    }
    let good = forge.with_claims(|c| c["exp"] = json!(now + 30));
    assert_eq!(forge.status(&good).await, StatusCode::OK);
    let lifetime = forge.claims["exp"].as_i64().unwrap() - forge.claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 8 * 3600);
}

#[tokio::test]
async fn claims_of_others_do_not_fit() {
    let forge = Forge::new().await;
    let other = forge.app.shop("northwind-demo").await;
    let other_id = other.tenant.id().as_str().to_owned();
    for (name, token) in [
        ("another tenant", forge.with_claims(|c| c["tenant_id"] = json!(other_id))),
        ("no tenant of ours", forge.with_claims(|c| c["tenant_id"] = json!(uuid::Uuid::new_v4()))),
        ("a path for a tenant", forge.with_claims(|c| c["tenant_id"] = json!("../control"))),
        ("another person", forge.with_claims(|c| c["user_id"] = json!(other.person(Role::Owner).id))),
        ("nobody", forge.with_claims(|c| (c["user_id"], c["sub"]) = (json!("x"), json!("x")))),
        ("another version", forge.with_claims(|c| c["ver"] = json!(2))),
        ("another audience", forge.with_claims(|c| c["aud"] = json!("other"))),
        ("another issuer", forge.with_claims(|c| c["iss"] = json!("other"))),
    ] {
        assert_eq!(forge.status(&token).await, StatusCode::UNAUTHORIZED, "{name}");
    }
    let as_owner = forge.app.token(&forge.shop, Role::Viewer);
    let claims: Value = serde_json::from_slice(&B64.decode(as_owner.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let mut raised = claims;
    raised["role"] = json!("owner");
    let raised = forge.token(&forge.header().to_string(), &raised.to_string(), &forge.secret);
    let answer = forge.app.get("/api/users", &raised).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "the store's role counts, not the token's");
}
