//! How a shop is signed in to: a pasted token, an app of the shop's own organisation that gets one for a day, or a token that a
//! person allowed on Shopify's page, which may end after an hour and be renewed.

use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::connectors::{Client, Credentials, Renewal, Trouble};

/// The token that requests carry.
pub const ACCESS_TOKEN: &str = "access_token";
/// The app's name.
pub const CLIENT_ID: &str = "client_id";
/// The app's secret; also what webhooks and callbacks are signed with.
pub const CLIENT_SECRET: &str = "client_secret";
/// What an ending token is renewed with, good once.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// A token is made anew so long before it ends.
const BEFORE_END: SignedDuration = SignedDuration::from_mins(5);

/// The scopes that are asked for.
pub const SCOPES: [&str; 6] =
    ["read_orders", "read_all_orders", "read_products", "read_inventory", "read_locations", "read_customers"];

/// The domain of a shop as it was typed, in lower case and without what may stand around it; none for anything that is no
/// `*.myshopify.com`. A token is sent to nothing else.
pub fn shop_domain(typed: &str) -> Option<String> {
    let text = typed.trim().to_ascii_lowercase();
    let text = text.strip_prefix("https://").unwrap_or(&text).trim_end_matches('/');
    let name = text.strip_suffix(".myshopify.com")?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let whole = !name.is_empty() && name.len() <= 60 && !name.starts_with('-') && name.bytes().all(fits);
    whole.then(|| text.to_owned())
}

/// Whether the token ends soon or is not there yet.
pub(super) fn renewal(credentials: &Credentials, now: Timestamp) -> Renewal {
    if credentials.get(CLIENT_SECRET).is_none() {
        return Renewal::Fresh;
    }
    let is_near = |end: Timestamp| end.duration_since(now) <= BEFORE_END;
    match (credentials.get(ACCESS_TOKEN), credentials.expires_at(ACCESS_TOKEN)) {
        (None, _) => Renewal::Due,
        (Some(_), Some(end)) if is_near(end) => Renewal::Due,
        _ => Renewal::Fresh,
    }
}

/// A new token: by the token that renews where there is one, else for the app itself.
pub(super) async fn renew(client: &Client, credentials: &Credentials, now: Timestamp) -> Result<Credentials, Trouble> {
    let (Some(id), Some(secret)) = (credentials.get(CLIENT_ID), credentials.get(CLIENT_SECRET)) else {
        let reason =
            "Shopify no longer accepts the access token. Paste a new one, or give the app's client id and secret.";
        return Err(Trouble::SignIn(reason.to_owned()));
    };
    let body = match credentials.get(REFRESH_TOKEN) {
        Some(token) => json!({
            "client_id": id, "client_secret": secret, "grant_type": "refresh_token", "refresh_token": token,
        }),
        None => json!({ "client_id": id, "client_secret": secret, "grant_type": "client_credentials" }),
    };
    token(client, credentials, &body, now).await
}

/// Where a person allows the app: sent there, they come back to `redirect_uri` with a code and the `state`. `base` is the address
/// that the integration is asked under.
///
/// # Errors
/// Where `base` is no address.
pub fn authorize_url(base: &str, client_id: &str, redirect_uri: &str, state: &str) -> Result<Url, url::ParseError> {
    let mut url = Url::parse(&format!("{base}/admin/oauth/authorize"))?;
    url.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("scope", &SCOPES.join(","))
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state);
    Ok(url)
}

/// Turns the code of a callback, whose signature and state were checked, into a token that ends after an hour and one that renews it.
///
/// # Errors
/// [`Trouble::SignIn`] where the code is not, or no longer, good.
pub async fn exchange(
    client: &Client,
    credentials: &Credentials,
    code: &str,
    now: Timestamp,
) -> Result<Credentials, Trouble> {
    let (Some(id), Some(secret)) = (credentials.get(CLIENT_ID), credentials.get(CLIENT_SECRET)) else {
        return Err(Trouble::SignIn("The app's client id and secret are missing.".to_owned()));
    };
    let body = json!({ "client_id": id, "client_secret": secret, "code": code, "expiring": 1 });
    token(client, credentials, &body, now).await
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
    refresh_token_expires_in: Option<i64>,
}

async fn token(client: &Client, old: &Credentials, body: &Value, now: Timestamp) -> Result<Credentials, Trouble> {
    let request = Request::post(client.address("/admin/oauth/access_token"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(body.to_string().into_bytes());
    let request = request.map_err(|_| Trouble::Refused("the shop's address is no address".to_owned()))?;
    let answer = client.send(request).await?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            let reason = "Shopify gives no access token for these credentials. Is the app installed in the shop, \
                          and do both belong to one organisation?";
            return Err(Trouble::SignIn(reason.to_owned()));
        }
        _ => return Err(answer.trouble(now, "Shopify")),
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| Trouble::Unreadable {
        reason: "Shopify's answer to the sign-in cannot be understood".to_owned(),
        // It may hold a token.
        answer: bytes::Bytes::new(),
    })?;
    let end =
        |seconds: Option<i64>| seconds.and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    let mut new = old.clone().with(ACCESS_TOKEN, granted.access_token, end(granted.expires_in));
    if let Some(token) = granted.refresh_token {
        new = new.with(REFRESH_TOKEN, token, end(granted.refresh_token_expires_in));
    }
    Ok(new)
}
