//! What the routes answer is what the OpenAPI document says: every field there, none besides, figures as they are described.

use axum::http::{Method, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::routes::{openapi, table};
use serde_json::{Map, Value, json};

use crate::access::{app, ask};
use crate::access_admin::credential;
use crate::metrics_http::filled;
use crate::support::app::Answer;
use crate::support::touches::{before, touch};

struct Document(Value);

impl Document {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => self.0.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is not there")),
            None => schema,
        }
    }

    /// The properties of a schema and of those it consists of.
    fn properties<'a>(&'a self, schema: &'a Value, into: &mut Map<String, Value>) {
        let schema = self.resolve(schema);
        into.extend(schema["properties"].as_object().cloned().unwrap_or_default());
        schema["allOf"].as_array().into_iter().flatten().for_each(|part| self.properties(part, into));
    }

    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            let fitting = choices.iter().filter(|one| self.check(one, value, at).is_ok()).count();
            return if fitting == 1 { Ok(()) } else { Err(format!("{at}: {value} fits {fitting} of {schema}")) };
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(kind, value)) {
            return Err(format!("{at}: {value} is not {kinds:?}"));
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            return Err(format!("{at}: {value} is none of {words:?}"));
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            assert_eq!(pattern, r"^-?[0-9]+(\.[0-9]+)?$", "another pattern needs a check here");
            is_decimal(text).then_some(()).ok_or_else(|| format!("{at}: {text:?} is no decimal"))?;
        }
        for (number, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}[{number}]"))?;
        }
        match value.as_object() {
            Some(fields) => self.check_fields(schema, fields, at),
            None => Ok(()),
        }
    }

    fn check_fields(&self, schema: &Value, fields: &Map<String, Value>, at: &str) -> Result<(), String> {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            fields.contains_key(name).then_some(()).ok_or_else(|| format!("{at}: no {name}"))?;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check_fields(self.resolve(part), fields, at).or_else(|said| match said.ends_with(UNKNOWN) {
                true => Ok(()),
                false => Err(said),
            })?;
        }
        let mut known = Map::new();
        self.properties(schema, &mut known);
        if known.is_empty() && schema.get("additionalProperties").is_none() {
            // Described as anything at all: the document itself.
            return Ok(());
        }
        for (name, value) in fields {
            let at = format!("{at}.{name}");
            match (known.get(name), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => self.check(schema, value, &at)?,
                (None, None) => return Err(format!("{at}{UNKNOWN}")),
            }
        }
        Ok(())
    }

    /// The answer of a route against what the document says of it.
    fn check_answer(&self, method: &Method, pattern: &str, answer: &Answer) {
        let line = format!("{method} {pattern}");
        let responses = &self.0["paths"][pattern][method.as_str().to_lowercase()]["responses"];
        let described = responses.get(answer.status.as_str()).unwrap_or(&responses["default"]);
        let kind = answer.headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
        if !kind.contains("json") {
            return;
        }
        let schema = &described["content"][kind]["schema"];
        assert!(schema.is_object(), "{line}: {} is not described as {kind}: {described}", answer.status);
        self.check(schema, &answer.json(), "").unwrap_or_else(|said| panic!("{line}: {said}"));
    }
}

const UNKNOWN: &str = " is not in the document";

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(places)
}

fn document() -> Document {
    Document(serde_json::to_value(openapi()).unwrap())
}

#[tokio::test]
async fn every_route_answers_what_the_document_says() {
    let (app, document) = (app().await, document());
    let shop = app.shop("juniper-oak").await;
    for route in table() {
        for token in [Some(credential(&app, &shop, &route, Role::Owner).await), None] {
            let asked = ask(&app, &shop, &route, Role::Owner).await.unwrap();
            let answer = asked.send(&app, &route.method, token.as_deref()).await;
            document.check_answer(&route.method, route.path, &answer);
        }
    }
}

#[tokio::test]
async fn dashboards_and_answers_write_figures_as_the_document_says() {
    let (app, document) = (app().await, document());
    let (shop, path) = filled(&app).await;
    let owner = app.token(&shop, Role::Owner);
    let ranges =
        ["", "range=today", "cmp=none", "f=country:eq:US", "f=channel:eq:meta", "metric=gross_margin&range=ytd"];
    for asked in ranges {
        let page = app.get(&format!("{path}?{asked}"), &owner).await;
        assert_eq!(page.status, StatusCode::OK, "{asked}");
        document.check_answer(&Method::GET, "/api/brands/{brand}/dashboard", &page);
    }
    let address = path.replace("dashboard", "query");
    for (metrics, dimension) in [
        (json!(["net_sales", "orders", "aov", "gross_margin"]), json!(["product"])),
        (json!(["orders"]), json!(["discounted"])),
        (json!(["platform_conversions", "clicks", "ctr", "cpc"]), json!(["channel", "campaign"])),
        (json!(["orders", "mer_ratio"]), json!([])),
    ] {
        let query = json!({ "metrics": metrics, "dimensions": dimension, "time": { "range": "90d" },
            "compare": { "to": "previous_year" } });
        let answer = app.ask(Method::POST, &address, Some(&owner), Some(query)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        document.check_answer(&Method::POST, "/api/brands/{brand}/query", &answer);
    }
}

#[tokio::test]
async fn attribution_is_written_as_the_document_says() {
    let (app, document) = (app().await, document());
    let (shop, path) = filled(&app).await;
    let owner = app.token(&shop, Role::Owner);
    touch(&shop.tenant, &shop.brand, 1, &[before("1", 60, "meta")]).await;
    for page in ["attribution", "attribution/paths"] {
        let answer = app.get(&path.replace("dashboard", page), &owner).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        document.check_answer(&Method::GET, &format!("/api/brands/{{brand}}/{page}"), &answer);
    }
    let query = json!({ "metrics": ["attributed_revenue", "attributed_orders", "assisted_conversions", "roas"],
        "dimensions": ["channel"], "time": { "range": "90d" }, "compare": { "to": "attribution_model", "model": "shapley" } });
    let answer = app.ask(Method::POST, &path.replace("dashboard", "query"), Some(&owner), Some(query)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    document.check_answer(&Method::POST, "/api/brands/{brand}/query", &answer);
}

#[test]
fn no_field_is_described_as_just_any_object() {
    fn walk(node: &Value, at: &str) {
        let bare = node["type"] == "object" && ["properties", "additionalProperties"].iter().all(|k| node[k].is_null());
        assert!(!bare, "{at} says nothing about what it holds");
        let inner = node.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value));
        let items = node.as_array().into_iter().flatten().enumerate().map(|(i, value)| (i.to_string(), value));
        inner.chain(items).for_each(|(key, value)| walk(value, &format!("{at}/{key}")));
    }
    walk(&document().0, "");
}

#[test]
fn a_wrong_answer_is_seen() {
    let document = document();
    let check = |name: &str, value: Value| {
        document.check(&json!({ "$ref": format!("#/components/schemas/{name}") }), &value, "")
    };
    for right in [json!("-12.50"), json!(3), json!(null)] {
        check("Figure", right).unwrap();
    }
    for wrong in [json!(""), json!("1e9"), json!(".5"), json!(1.5), json!(true), json!({}), json!([])] {
        assert!(check("Figure", wrong.clone()).is_err(), "{wrong}");
    }
    let row =
        json!({ "channel": "meta", "clicks": 1, "impressions": 2, "campaigns": [], "campaigns_truncated": false });
    check("ChannelRow", row.clone()).unwrap();
    for (name, wrong) in [("clicks", json!("1")), ("ad_spend", json!(1.5)), ("more", json!(1))] {
        let mut row = row.clone();
        row[name] = wrong;
        assert!(check("ChannelRow", row).is_err(), "{name}");
    }
    assert!(check("ChannelRow", json!({ "channel": "meta", "clicks": 1 })).is_err());
}
