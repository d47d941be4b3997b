//! Who may ask for what: tokens, their scopes, and how they are come by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::draw::mix;
use super::super::text;
use super::graphql::Plan;
use super::graphql::schema::Kind;

/// The app's credentials, in every simulated shop.
pub const CLIENT_ID: &str = "sandbox-client";
pub const CLIENT_SECRET: &str = "shpss_sandbox";
/// Tokens of apps that were made in the admin: they do not expire.
pub const TOKEN: &str = "shpat_sandbox";
/// The same without `read_all_orders`.
pub const TOKEN_60_DAYS: &str = "shpat_sandbox_60_days";
/// The same without anything about orders and customers.
pub const TOKEN_PRODUCTS: &str = "shpat_sandbox_products";

const SCOPES: [&str; 6] =
    ["read_orders", "read_all_orders", "read_products", "read_inventory", "read_locations", "read_customers"];
const HOUR: i64 = 3600;

/// What a token allows.
#[derive(Debug, Clone)]
pub struct Grant {
    pub scopes: Vec<String>,
    /// The shop it was given for; any, for those that are always there.
    shop: Option<String>,
    expires: Option<i64>,
}

/// Tokens and codes that were given out.
#[derive(Debug, Default)]
pub struct Access {
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    count: u64,
    tokens: HashMap<String, Grant>,
    /// A code or refresh token, and the shop it is for.
    codes: HashMap<String, (String, i64)>,
    refresh: HashMap<String, String>,
    /// The refresh token that a new one replaces at its first use.
    replaced: HashMap<String, String>,
    revoked: Vec<String>,
}

impl Grant {
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}

/// Lower-case hexadecimal HMAC-SHA256.
pub fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    text::hex(&hmac(key, message))
}

/// HMAC-SHA256.
pub fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// What makes the address of a bulk result good until `expires`.
pub fn signature(seed: u64, job: u64, expires: i64) -> String {
    hmac_hex(&seed.to_be_bytes(), format!("{job} {expires}").as_bytes())
}

/// The scope that is missing for a plan: the path of its field, and the scope.
pub fn missing(grant: &Grant, plan: &Plan) -> Option<(String, &'static str)> {
    for step in &plan.steps {
        let wanted = match step.name {
            "orders" | "order" | "ordersCount" => "read_orders",
            "products" | "product" | "productsCount" | "productVariants" | "productVariant" => "read_products",
            "inventoryItems" | "inventoryItem" => "read_inventory",
            "locations" | "location" => "read_locations",
            _ => continue,
        };
        if !grant.has(wanted) {
            return Some((step.key.clone(), wanted));
        }
        let (Kind::Object(kind) | Kind::Connection(kind) | Kind::List(kind)) = step.kind else { continue };
        let below = step.sub.nodes().unwrap_or(&step.sub);
        let names = [("Customer", "email", "read_customers"), ("InventoryItem", "unitCost", "read_inventory")];
        for (of, name, scope) in names {
            if below.selects(kind, of, name) && !grant.has(scope) {
                return Some((step.key.clone(), scope));
            }
        }
    }
    None
}

/// A refusal: a status and a body.
pub type Refusal = (u16, Value);

impl Access {
    fn given(&self) -> std::sync::MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `token` allows in `shop` at `now`.
    pub fn grant(&self, token: &str, shop: &str, now: i64) -> Option<Grant> {
        let given = self.given();
        if given.revoked.iter().any(|revoked| revoked == token) {
            return None;
        }
        let scopes = |without: &[&str]| {
            let scopes = SCOPES.iter().filter(|scope| !without.contains(scope)).map(|scope| (*scope).to_owned());
            Some(Grant { scopes: scopes.collect(), shop: None, expires: None })
        };
        match token {
            TOKEN => return scopes(&[]),
            TOKEN_60_DAYS => return scopes(&["read_all_orders"]),
            TOKEN_PRODUCTS => return scopes(&["read_orders", "read_all_orders", "read_customers"]),
            _ => {}
        }
        let grant = given.tokens.get(token)?;
        let here = grant.shop.as_deref().is_none_or(|own| own == shop);
        (here && grant.expires.is_none_or(|at| at > now)).then(|| grant.clone())
    }

    /// Makes a token worthless from now on.
    pub fn revoke(&self, token: &str) {
        self.given().revoked.push(token.to_owned());
    }

    /// Takes every revocation back.
    pub fn forgive(&self) {
        self.given().revoked.clear();
    }

    /// `POST /admin/oauth/access_token`.
    ///
    /// # Errors
    /// Status and body of a refusal.
    pub fn token(&self, shop: &str, body: &Value, now: i64) -> Result<Value, Refusal> {
        let refused = |error: &str, why: &str| (400, json!({"error": error, "error_description": why}));
        if body["client_id"] != CLIENT_ID || body["client_secret"] != CLIENT_SECRET {
            return Err(refused("application_cannot_be_found", "client_id or client_secret is wrong"));
        }
        match body["grant_type"].as_str() {
            Some("client_credentials") => Ok(self.give(shop, Some((24 * HOUR, None)), now)),
            Some("refresh_token") => self.refresh(shop, body["refresh_token"].as_str().unwrap_or_default(), now),
            _ => {
                let code = body["code"].as_str().unwrap_or_default();
                let found = self.given().codes.remove(code);
                match found {
                    Some((own, until)) if own == shop && until > now => {}
                    _ => {
                        return Err(refused(
                            "invalid_request",
                            "The authorization code was not found or was already used",
                        ));
                    }
                }
                let expiring = body["expiring"] == 1 || body["expiring"] == "1";
                Ok(self.give(shop, expiring.then_some((HOUR, Some(String::new()))), now))
            }
        }
    }

    fn refresh(&self, shop: &str, old: &str, now: i64) -> Result<Value, Refusal> {
        let mut given = self.given();
        // The first use of a new one ends the old one.
        if let Some(before) = given.replaced.remove(old) {
            given.refresh.remove(&before);
        }
        let own = given.refresh.get(old).is_some_and(|own| own == shop);
        drop(given);
        match own {
            true => Ok(self.give(shop, Some((HOUR, Some(old.to_owned()))), now)),
            false => {
                Err((400, json!({"error": "invalid_grant", "error_description": "The refresh token is not valid"})))
            }
        }
    }

    /// A new token, expiring or not, with a refresh token or not.
    fn give(&self, shop: &str, lasting: Option<(i64, Option<String>)>, now: i64) -> Value {
        let mut given = self.given();
        given.count += 1;
        let secret = text::hex(&mix(given.count).to_be_bytes());
        let token = format!("shpat_{secret}");
        let scopes: Vec<String> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        let mut answer = json!({"access_token": token, "scope": scopes.join(",")});
        if let Some((seconds, old)) = &lasting {
            answer["expires_in"] = json!(seconds - 1);
            if let Some(old) = old {
                let refresh = format!("shprt_{secret}");
                answer["refresh_token"] = json!(refresh);
                answer["refresh_token_expires_in"] = json!(90 * 24 * HOUR);
                given.refresh.insert(refresh.clone(), shop.to_owned());
                given.replaced.insert(refresh, old.clone());
            }
        }
        let expires = lasting.map(|(seconds, _)| now + seconds);
        given.tokens.insert(token, Grant { scopes, shop: Some(shop.to_owned()), expires });
        answer
    }

    /// A code for the redirect of `/admin/oauth/authorize`, good for ten minutes.
    pub fn code(&self, shop: &str, now: i64) -> String {
        let mut given = self.given();
        given.count += 1;
        let code = text::hex(&mix(given.count ^ 0xc0de).to_be_bytes());
        given.codes.insert(code.clone(), (shop.to_owned(), now + 600));
        code
    }
}
