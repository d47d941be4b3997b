//! Asks Meta: the token in a header, so that no address holds it; the error looked for in every answer; pages by their cursor.
//! The address of the next page, which holds the token, is never used.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::auth::{Token, proof};
use super::errors::{Fault, fault};
use super::usage::Usage;
use super::{MetaAds, parse};
use crate::brands::Brand;
use crate::connectors::{Answer, Call, Connector, Trouble, ads};

/// How Meta is called in sentences.
const WHO: &str = "Meta";

/// No list has more pages.
const MOST_PAGES: usize = 10_000;

/// A list that is read page by page.
pub struct List<'a> {
    /// Behind the version.
    pub path: String,
    /// What is asked for.
    pub query: Vec<(&'a str, String)>,
    /// Rows a page.
    pub limit: u32,
    /// More rows than these are not held at once.
    pub most: usize,
}

/// Asks in the name of one integration.
pub struct Asking<'a> {
    call: &'a Call<'a>,
    version: String,
    token: &'a str,
    proof: Option<String>,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// Where there is no token.
    pub fn new(call: &'a Call<'_>) -> Result<Self, Trouble> {
        let token = call.credentials.get("access_token");
        let token = token.ok_or_else(|| Trouble::SignIn("There is no access token.".to_owned()))?;
        let proof = call.credentials.get("app_secret").map(|secret| proof(secret, token));
        Ok(Self { call, version: MetaAds.version(call.settings, call.shared).name, token, proof })
    }

    /// One request, and its answer as JSON without an error in it.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        usage: &mut Usage,
    ) -> Result<Value, Fault> {
        let (value, answer) = self.exchange(method, path, query).await?;
        usage.note(&answer);
        match value.get("error") {
            Some(error) => Err(fault(error, answer.status, usage, self.call.credentials)),
            None if !answer.status.is_success() => Err(answer.trouble(self.call.now, WHO).into()),
            None => Ok(value),
        }
    }

    async fn exchange(&self, method: Method, path: &str, query: &[(&str, String)]) -> Result<(Value, Answer), Trouble> {
        let address = self.call.client.address(&format!("/{}/{path}", self.version));
        let mut pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Some(proof) = &self.proof {
            pairs.push(("appsecret_proof", proof));
        }
        let (name, value) = ads::bearer(self.token);
        let request = ads::request(method, &address, &pairs, &[(name, &value)], None)?;
        let answer = self.call.client.send(request).await?;
        let value = ads::json(&answer, self.call.now, WHO)?;
        Ok((value, answer))
    }

    /// All rows of a list.
    pub async fn list(&self, list: &List<'_>, usage: &mut Usage) -> Result<Vec<Value>, Fault> {
        let mut rows = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = list.query.clone();
            query.push(("limit", list.limit.to_string()));
            query.extend(after.clone().map(|after| ("after", after)));
            let mut page = self.ask(Method::GET, &list.path, &query, usage).await?;
            let Some(Value::Array(found)) = page.get_mut("data").map(Value::take) else {
                return Err(self.unreadable("a list has no rows in it", page).into());
            };
            rows.extend(found.into_iter().map(parse::slim));
            if rows.len() > list.most {
                return Err(Fault::TooMany);
            }
            // A short or empty page is not the end; only the lack of a next one is.
            if page["paging"]["next"].is_null() {
                return Ok(rows);
            }
            let next = page["paging"]["cursors"]["after"].as_str().map(str::to_owned).or_else(|| after_of(&page));
            if next.is_none() || next == after {
                return Err(self.unreadable("a list goes on without saying where", Value::Null).into());
            }
            after = next;
        }
        Err(self.unreadable("a list does not end", Value::Null).into())
    }

    /// Whose data it becomes.
    pub fn brand(&self) -> &Brand {
        self.call.brand
    }

    /// Why a run of a report failed, where it says so.
    pub fn run_fault(&self, run: &Value, usage: &Usage) -> Option<Fault> {
        run["error_code"].as_i64().filter(|code| *code != 0)?;
        let told = |name: &str| run[format!("error_{name}")].clone();
        let error = json!({
            "code": told("code"), "error_subcode": told("subcode"), "message": told("message"),
            "error_user_msg": told("user_msg"),
        });
        Some(fault(&error, StatusCode::OK, usage, self.call.credentials))
    }

    fn unreadable(&self, what: &str, mut answer: Value) -> Trouble {
        self.call.redactor.value(&mut answer);
        // The address of the next page holds the token.
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("paging");
        }
        let answer = serde_json::to_vec(&answer).unwrap_or_default().into();
        Trouble::Unreadable { reason: format!("{WHO}: {what}"), answer }
    }

    /// What Meta says of the token.
    pub async fn token_told(&self) -> Result<Token, Trouble> {
        let query = [("input_token", self.token.to_owned())];
        let (value, answer) = self.exchange(Method::GET, "debug_token", &query).await?;
        let mut usage = Usage::default();
        usage.note(&answer);
        if let Some(error) = value.get("error") {
            return Err(fault(error, answer.status, &usage, self.call.credentials).into());
        }
        let mut token = Token::read(&value["data"], |words| ads::scrubbed(words, self.call.credentials))?;
        let served = answer.header("facebook-api-version").filter(|served| *served != self.version);
        token.served_version = served.map(|served| ads::scrubbed(served, self.call.credentials));
        Ok(token)
    }
}

/// The cursor in the address of the next page, where it stands nowhere else.
fn after_of(page: &Value) -> Option<String> {
    let next = url::Url::parse(page["paging"]["next"].as_str()?).ok()?;
    next.query_pairs().find(|(name, _)| name == "after").map(|(_, after)| after.into_owned())
}
