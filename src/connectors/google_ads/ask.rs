//! Asks Google: queries whose answer is a list of chunks, any of which may be an error instead of rows. Then nothing of it counts.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::errors::halt;
use super::{BASE, GoogleAds};
use crate::brands::Brand;
use crate::connectors::ads::Halt;
use crate::connectors::{Answer, Call, Connector, Trouble, ads};

/// How Google is called in sentences.
const WHO: &str = "Google";
/// Where access tokens are made, beside the API itself; an address that stands in for the API's has it under itself.
const TOKENS: &str = "https://oauth2.googleapis.com/token";

/// The rows of a query, as they came, and how large the answer was.
pub struct Rows {
    pub rows: Vec<Box<RawValue>>,
    pub bytes: usize,
}

#[derive(Deserialize)]
struct Chunk {
    error: Option<Value>,
    results: Option<Vec<Box<RawValue>>>,
}

/// Asks in the name of one integration.
pub struct Asking<'a> {
    call: &'a Call<'a>,
    version: String,
    token: &'a str,
    developer: &'a str,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// Where there is no access token yet, or no developer token at all.
    pub fn new(call: &'a Call<'_>) -> Result<Self, Trouble> {
        let token = call.credentials.get("access_token");
        let token = token.ok_or_else(|| Trouble::Expired("There is no access token yet.".to_owned()))?;
        let developer = call.credentials.get("developer_token");
        let developer = developer.ok_or_else(|| Trouble::SignIn("There is no developer token.".to_owned()))?;
        Ok(Self { call, version: GoogleAds.version(call.settings, call.shared).name, token, developer })
    }

    /// Whose data it becomes.
    pub fn brand(&self) -> &Brand {
        self.call.brand
    }

    /// All rows of a query of an account, reached through a manager or by itself.
    pub async fn search(&self, account: &str, login: &str, query: &str) -> Result<Rows, Halt> {
        let body = serde_json::to_vec(&json!({ "query": query })).unwrap_or_default();
        let path = format!("customers/{account}/googleAds:searchStream");
        let answer = self.send(Method::POST, &path, Some(login), Some(("application/json", body))).await?;
        let bytes = answer.body.len();
        let mut rows = Vec::new();
        for chunk in chunks(ads::json::<&RawValue>(&answer, self.call.now, WHO)?)? {
            if let Some(error) = chunk.error {
                return Err(halt(&error, answer.status, self.call.credentials));
            }
            rows.extend(chunk.results.unwrap_or_default());
        }
        if !answer.status.is_success() {
            return Err(answer.trouble(self.call.now, WHO).into());
        }
        Ok(Rows { rows, bytes })
    }

    /// The accounts that the sign-in reaches without a manager: digits.
    pub async fn accessible(&self) -> Result<Vec<String>, Halt> {
        let answer = self.send(Method::GET, "customers:listAccessibleCustomers", None, None).await?;
        let value: Value = ads::json(&answer, self.call.now, WHO)?;
        if let Some(error) = value.get("error").or_else(|| value[0].get("error")) {
            return Err(halt(error, answer.status, self.call.credentials));
        }
        if !answer.status.is_success() {
            return Err(answer.trouble(self.call.now, WHO).into());
        }
        let names = value["resourceNames"].as_array().into_iter().flatten();
        Ok(names.filter_map(|name| name.as_str()?.strip_prefix("customers/").map(str::to_owned)).collect())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        login: Option<&str>,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> Result<Answer, Trouble> {
        let address = self.call.client.address(&format!("/{}/{path}", self.version));
        let (name, value) = ads::bearer(self.token);
        let mut headers = vec![(name, value.as_str()), ("developer-token", self.developer)];
        headers.extend(login.map(|login| ("login-customer-id", login)));
        self.call.client.send(ads::request(method, &address, &[], &headers, body)?).await
    }
}

/// The chunks of an answer, or the one that it is.
fn chunks(answer: &RawValue) -> Result<Vec<Chunk>, Trouble> {
    let is_list = answer.get().starts_with('[');
    let read = if is_list {
        serde_json::from_str(answer.get())
    } else {
        serde_json::from_str(answer.get()).map(|one| vec![one])
    };
    read.map_err(|_| unreadable("a chunk is no object, or its results are no list"))
}

fn unreadable(what: &str) -> Trouble {
    Trouble::Unreadable { reason: format!("{WHO}: {what}"), answer: Bytes::new() }
}

/// What the maker of tokens answers to this form: a token, or why there is none.
pub async fn token(call: &Call<'_>, form: &[(&str, &str)]) -> Result<Value, Trouble> {
    let own = call.client.address("");
    let address = if own == BASE.0 { TOKENS.to_owned() } else { format!("{own}/token") };
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
    let request = ads::request(Method::POST, &address, &[], &[], Some(("application/x-www-form-urlencoded", body)))?;
    let answer = call.client.send(request).await?;
    let value: Value = ads::json(&answer, call.now, WHO)?;
    if value.get("error").is_none() && !answer.status.is_success() {
        return Err(answer.trouble(call.now, WHO));
    }
    if answer.status.is_server_error() {
        return Err(answer.trouble(call.now, WHO));
    }
    Ok(value)
}
