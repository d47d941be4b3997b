//! JSON that is none, or not quite, to every route that takes JSON: refused as a problem, nothing written, and the next request works.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::routes::{Route, openapi, table};
use serde_json::{Map, Value};

use crate::access::{app, ask};
use crate::access_admin::credential;
use crate::imports::number;
use crate::support::app::{Answer, Shop, TestApp};
use crate::support::ask::Ask;
use crate::support::bad_json::{bad_values, bent, is_refusal, with_raw};

/// Names of the fields that a route's JSON body may have; nothing where it takes no JSON.
fn fields_of(document: &Value, route: &Route) -> Option<Vec<String>> {
    let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
    let schema = operation["requestBody"]["content"].get("application/json")?.get("schema")?;
    // Bytes that are signed as they came.
    if schema["type"] == "string" {
        return None;
    }
    let named = schema["$ref"].as_str().map(|name| document.pointer(name.trim_start_matches('#')).unwrap());
    let fields =
        named.unwrap_or(schema)["properties"].as_object().unwrap_or_else(|| panic!("{}: {schema}", route.path));
    Some(fields.keys().cloned().collect())
}

async fn send(app: &TestApp, shop: &Shop, route: &Route, asked: &Ask, kind: Option<&str>, body: Vec<u8>) -> Answer {
    let mut request = Request::builder().method(&route.method).uri(&asked.path);
    let token = credential(app, shop, route, Role::Owner).await;
    request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let answer = app.send(request.body(Body::from(body)).unwrap());
    // Not a measure of speed: a hang shall end as a failure with a name.
    tokio::time::timeout(Duration::from_secs(60), answer).await.unwrap_or_else(|_| panic!("{} hangs", asked.path))
}

fn label(route: &Route, body: &[u8]) -> String {
    let start = String::from_utf8_lossy(&body[..body.len().min(160)]).into_owned();
    format!("{} {} with {} bytes {start:?}", route.method, route.path, body.len())
}

/// What is written of a tenant: its events, brands, people and landings.
async fn written(shop: &Shop) -> [i64; 4] {
    [
        number(&shop.tenant, "select count(*) from events").await,
        number(&shop.tenant, "select count(*) from brands").await,
        number(&shop.tenant, "select count(*) from users").await,
        number(&shop.tenant, "select count(*) from change_log").await,
    ]
}

#[tokio::test]
async fn every_route_refuses_what_is_no_json() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let document = serde_json::to_value(openapi()).unwrap();
    let values = bad_values();
    let mut routes = 0;
    for route in table() {
        let Some(fields) = fields_of(&document, &route) else { continue };
        routes += 1;
        let asked = ask(&app, &shop, &route, Role::Owner).await.unwrap();
        let sound: Map<String, Value> = serde_json::from_slice(&asked.body).unwrap();
        let before = written(&shop).await;
        let mut bodies = bent(&asked.body);
        for field in &fields {
            bodies.extend(values.iter().map(|raw| with_raw(&sound, field, raw)));
        }
        for body in bodies {
            let what = label(&route, &body);
            is_refusal(&send(&app, &shop, &route, &asked, Some("application/json"), body).await, &what);
        }
        for kind in
            [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx"), Some("\t")]
        {
            let answer = send(&app, &shop, &route, &asked, kind, asked.body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind:?} to {}", route.path);
            is_refusal(&answer, route.path);
        }
        assert_eq!(written(&shop).await, before, "{} {} wrote something", route.method, route.path);
        let token = credential(&app, &shop, &route, Role::Owner).await;
        let sound = asked.send(&app, &route.method, Some(&token)).await;
        assert_eq!(sound.status, asked.expected, "{} {} does not work any more: {sound:?}", route.method, route.path);
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let schema = |one: &Value| one["requestBody"]["content"]["application/json"]["schema"].clone();
    let described = operations.map(schema).filter(|schema| schema.is_object() && schema["type"] != "string").count();
    assert!(routes == described && routes >= 7, "{routes} of {described} routes were asked");
}
