//! Asks TikTok: the token in its own header, lists as JSON in the query, the code looked for in every answer, pages counted.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::TiktokAds;
use super::errors::{Fault, fault};
use crate::brands::Brand;
use crate::connectors::{Call, Connector, Trouble, ads};

/// How TikTok is called in sentences.
const WHO: &str = "TikTok";
/// The header of the token.
const TOKEN: &str = "access-token";
/// The most rows a page.
const PAGE: usize = 1_000;
/// No list has more pages.
const MOST_PAGES: u64 = 1_000;
/// How often a list is read anew that changes while it is read.
const ATTEMPTS: usize = 3;

/// Asks in the name of one integration.
pub struct Asking<'a> {
    call: &'a Call<'a>,
    version: String,
    token: &'a str,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// Where there is no token yet.
    pub fn new(call: &'a Call<'_>) -> Result<Self, Trouble> {
        let token = call.credentials.get("access_token");
        let token = token.ok_or_else(|| Trouble::Expired("There is no access token yet.".to_owned()))?;
        Ok(Self { call, version: version(call), token })
    }

    /// Whose data it becomes.
    pub fn brand(&self) -> &Brand {
        self.call.brand
    }

    /// The `data` of an answer.
    pub async fn ask(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
        let pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let address = self.call.client.address(&address(&self.version, path));
        let request = ads::request(Method::GET, &address, &pairs, &[(TOKEN, self.token)], None)?;
        data(self.call, request).await
    }

    /// The list of this name in an answer's `data`; an advertiser who has none of it may lack the list.
    pub async fn listed(&self, path: &str, query: &[(&str, String)], name: &str) -> Result<Vec<Value>, Fault> {
        match self.ask(path, query).await? {
            Value::Null => Ok(Vec::new()),
            Value::Object(mut data) => match data.remove(name) {
                Some(Value::Array(list)) => Ok(list),
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(other) => Err(self.unreadable("a list is none", other).into()),
            },
            other => Err(self.unreadable("an answer has no fields", other).into()),
        }
    }

    /// All rows of a report of at most `most`, each once. A list that changes while it is read is read anew.
    pub async fn list(&self, path: &str, query: &[(&str, String)], most: usize) -> Result<Vec<Value>, Fault> {
        for _ in 0..ATTEMPTS {
            if let Some(rows) = self.list_once(path, query, most).await? {
                return Ok(rows);
            }
        }
        Err(Trouble::broken(format!("{WHO}'s report kept changing while it was read")).into())
    }

    /// None where its pages did not fit together.
    async fn list_once(&self, path: &str, query: &[(&str, String)], most: usize) -> Result<Option<Vec<Value>>, Fault> {
        let mut rows: BTreeMap<String, Value> = BTreeMap::new();
        let mut expected = None;
        for page in 1_u64.. {
            let mut query = query.to_vec();
            query.extend([("page", page.to_string()), ("page_size", PAGE.to_string())]);
            let mut data = self.ask(path, &query).await?;
            let info = &data["page_info"];
            let (total, pages) = (info["total_number"].as_u64(), info["total_page"].as_u64().unwrap_or(1));
            if total.is_some_and(|total| usize::try_from(total).is_ok_and(|total| total > most)) {
                return Err(Fault::TooMany);
            }
            if pages > MOST_PAGES {
                return Err(self.unreadable("a report has too many pages", data).into());
            }
            if page > 1 && total != expected {
                return Ok(None);
            }
            expected = total;
            let Some(Value::Array(found)) = data.get_mut("list").map(Value::take) else {
                return Err(self.unreadable("a report has no rows in it", data).into());
            };
            rows.extend(found.into_iter().map(|row| (row["dimensions"].to_string(), row)));
            if page >= pages {
                break;
            }
        }
        let whole = expected.is_none_or(|total| u64::try_from(rows.len()).is_ok_and(|rows| rows == total));
        Ok(whole.then(|| rows.into_values().collect()))
    }

    fn unreadable(&self, what: &str, mut answer: Value) -> Trouble {
        self.call.redactor.value(&mut answer);
        let answer = serde_json::to_vec(&answer).unwrap_or_default().into();
        Trouble::Unreadable { reason: format!("{WHO}: {what}"), answer }
    }
}

/// Exchanges the code of a sign-in, which is good once and for an hour, for a token that does not end.
pub async fn exchange(call: &Call<'_>, app_id: &str, secret: &str, auth_code: &str) -> Result<Value, Fault> {
    let body = json!({ "app_id": app_id, "secret": secret, "auth_code": auth_code });
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let address = call.client.address(&address(&version(call), "oauth2/access_token"));
    let request = ads::request(Method::POST, &address, &[], &[], Some(("application/json", body)))?;
    data(call, request).await
}

async fn data(call: &Call<'_>, request: http::Request<Vec<u8>>) -> Result<Value, Fault> {
    let answer = call.client.send(request).await?;
    let mut value: Value = ads::json(&answer, call.now, WHO)?;
    if value["code"].as_i64() == Some(0) {
        return Ok(value.get_mut("data").map(Value::take).unwrap_or_default());
    }
    if value["code"].is_null() && !answer.status.is_success() {
        return Err(answer.trouble(call.now, WHO).into());
    }
    Err(fault(&value, call.credentials, call.now))
}

fn version(call: &Call<'_>) -> String {
    TiktokAds.version(call.settings, call.shared).name
}

/// The slash at the end is part of it: without it there is no such page.
fn address(version: &str, path: &str) -> String {
    format!("/open_api/{version}/{path}/")
}
