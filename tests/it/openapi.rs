//! The OpenAPI document and the table of routes say the same; `BLESS=1` writes the document for the web's types.

use std::collections::BTreeSet;
use std::path::Path;

use pulsepoint::auth::Access;
use pulsepoint::routes::{openapi, table};
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

#[test]
fn routes_and_openapi_agree() {
    let document = document();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let routed: BTreeSet<String> = table().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(described, routed);
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn only_public_routes_are_described_without_a_token() {
    let document = document();
    for route in table() {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let open =
            operation["security"].as_array().is_some_and(|list| list.iter().any(|one| one == &serde_json::json!({})));
        assert_eq!(open, route.access == Access::Public, "{} {}", route.method, route.path);
        assert!(operation["operationId"].is_string() && operation["tags"].is_array(), "{operation}");
        assert!(
            operation["description"].is_string() || operation["summary"].is_string(),
            "{} {}",
            route.method,
            route.path
        );
    }
}

#[test]
fn operation_ids_differ() {
    let document = document();
    let ids: Vec<&str> = table()
        .iter()
        .map(|route| &document["paths"][route.path][route.method.as_str().to_lowercase()]["operationId"])
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[test]
fn the_committed_document_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi.json");
    let text = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "web/openapi.json is not what the code says: run the test with BLESS=1, then `npm run gen:api`"
    );
}
