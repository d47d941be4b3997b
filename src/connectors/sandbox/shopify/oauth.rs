//! How an app comes by a token.

use http::Method;
use serde_json::json;
use url::Url;

use super::super::exchange::{Asked, Reply};
use super::super::world::World;
use super::access::{CLIENT_ID, CLIENT_SECRET, hmac_hex};

/// `POST /admin/oauth/access_token`.
pub fn token(world: &World, domain: &str, asked: &Asked) -> Reply {
    if asked.method != Method::POST {
        return Reply::json(404, &json!({"errors": "Not Found"}));
    }
    match world.shopify.access.token(domain, &asked.fields(), world.now()) {
        Ok(answer) => Reply::json(200, &answer),
        Err((status, body)) => Reply::json(status, &body),
    }
}

/// `GET /admin/oauth/authorize`: the merchant agrees at once and goes back.
pub fn authorize(world: &World, domain: &str, asked: &Asked) -> Reply {
    let back = asked.param("redirect_uri").and_then(|back| Url::parse(back).ok());
    let Some(mut back) = back.filter(|_| asked.param("client_id") == Some(CLIENT_ID)) else {
        return Reply::json(
            400,
            &json!({"error": "invalid_request", "error_description": "client_id or redirect_uri"}),
        );
    };
    let code = world.shopify.access.code(domain, world.now());
    let store = domain.trim_end_matches(".myshopify.com");
    let host = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD_NO_PAD,
        format!("admin.shopify.com/store/{store}"),
    );
    let mut pairs = vec![
        ("code", code),
        ("host", host),
        ("shop", domain.to_owned()),
        ("state", asked.param("state").unwrap_or_default().to_owned()),
        ("timestamp", world.now().to_string()),
    ];
    pairs.sort();
    let signed: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.push(("hmac", hmac_hex(CLIENT_SECRET.as_bytes(), signed.join("&").as_bytes())));
    back.query_pairs_mut().extend_pairs(pairs);
    Reply::new(302, "text/html; charset=utf-8", Vec::new()).with("location", back.to_string())
}
