//! What to ask of the routes of profit and of the bridge, for the table of `access`.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use serde_json::{Value, json};

use crate::metrics::{land, order};
use crate::support::app::{Shop, TestApp};
use crate::support::ask::Ask;

/// A request to one of them that succeeds for the owner.
pub async fn ask(app: &TestApp, shop: &Shop, line: &str) -> Ask {
    let brand = format!("/api/brands/{}", shop.brand.uid);
    let cost = json!({ "kind": "handling", "amount": "1.00", "from": "2026-01-01" });
    let total =
        json!({ "from": "2026-11-01", "to": "2026-12-01", "amount": "1.00", "report": "net_sales", "store": "US" });
    match line {
        "GET /api/brands/{brand}/profit" => Ask::at(format!("{brand}/profit")),
        "GET /api/brands/{brand}/bridge" => Ask::at(format!("{brand}/bridge?from=2026-11-01&to=2026-12-01")),
        "GET /api/brands/{brand}/bridge/orders" => {
            sold(shop).await;
            Ask::at(format!("{brand}/bridge/orders?from=2026-11-01&to=2026-12-01&store=US&currency=USD&step=taxes"))
        }
        "GET /api/brands/{brand}/bridge/claims" => {
            Ask::at(format!("{brand}/bridge/claims?from=2026-11-01&to=2026-12-01"))
        }
        "GET /api/brands/{brand}/costs" => Ask::at(format!("{brand}/costs")),
        "GET /api/brands/{brand}/bridge/totals" => Ask::at(format!("{brand}/bridge/totals")),
        "POST /api/brands/{brand}/costs" => Ask::at(format!("{brand}/costs")).json(cost).expecting(201),
        "POST /api/brands/{brand}/bridge/totals" => {
            sold(shop).await;
            Ask::at(format!("{brand}/bridge/totals")).json(total).expecting(201)
        }
        "DELETE /api/brands/{brand}/bridge/totals/{id}" => {
            sold(shop).await;
            let path = format!("{brand}/bridge/totals");
            Ask::at(format!("{path}/{}", made(app, shop, &path, total).await)).expecting(204)
        }
        _ => {
            let path = format!("{brand}/costs");
            let at = Ask::at(format!("{path}/{}", made(app, shop, &path, cost).await));
            if line.starts_with("PATCH") { at.json(json!({ "until": "2026-12-01" })) } else { at.expecting(204) }
        }
    }
}

/// A store with an order in November.
async fn sold(shop: &Shop) {
    let orders = vec![order("1", "2026-11-10T14:00:00Z", "a", "H1", 2, 50)];
    let batch = pulsepoint::commerce::rows::Batch { orders, ..Default::default() };
    land(&shop.tenant, &shop.brand, "shopify", batch).await;
}

async fn made(app: &TestApp, shop: &Shop, path: &str, body: Value) -> String {
    let answer = app.ask(Method::POST, path, Some(&app.token(shop, Role::Owner)), Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}
