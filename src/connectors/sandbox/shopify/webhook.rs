//! Webhooks: the control has the simulator post one, signed, to an address of this machine.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};
use url::Url;

use super::super::draw::mix;
use super::super::text;
use super::super::world::World;
use super::access::{CLIENT_SECRET, hmac};
use super::intervene::store;
use super::order::Order;
use crate::outgoing::{self, Allowed};

/// `{shop?, topic, url, order?, secret?, id?, bad_signature?}`: posts the topic's payload to `url` and answers what came back.
pub async fn send(world: &Arc<World>, body: &Value) -> Result<Value, String> {
    let url: Url = body["url"].as_str().and_then(|url| Url::parse(url).ok()).ok_or("url: an address")?;
    let allowed = Allowed::by(&url).map_err(|why| format!("url: {why}"))?;
    if url.scheme() != "http" {
        return Err("url: http on this machine alone".to_owned());
    }
    let topic = body["topic"].as_str().ok_or("topic: such as orders/updated")?;
    let (domain, payload) = payload(world, topic, body)?;
    let raw = payload.to_string();
    let secret = body["secret"].as_str().unwrap_or(CLIENT_SECRET);
    let signature = match body["bad_signature"].as_bool() {
        Some(true) => STANDARD.encode([0_u8; 32]),
        _ => STANDARD.encode(hmac(secret.as_bytes(), raw.as_bytes())),
    };
    let fresh = format!("{:016x}", mix(world.request_number() ^ 0x77eb));
    let id = body["id"].as_str().unwrap_or(&fresh);
    let request = Request::post(url.as_str())
        .header("content-type", "application/json")
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", &domain)
        .header("x-shopify-api-version", "2026-10")
        .header("x-shopify-webhook-id", id)
        .header("x-shopify-event-id", &fresh)
        .header("x-shopify-triggered-at", text::instant(world.now()).as_str())
        .header("x-shopify-hmac-sha256", signature)
        .body(raw.into_bytes())
        .map_err(|error| error.to_string())?;
    match outgoing::send(request, &allowed).await {
        Ok(answer) => Ok(json!({"status": answer.status().as_u16(), "webhook_id": id})),
        Err(error) => Err(format!("it was not delivered: {error}")),
    }
}

/// What a topic says, in the forms of the REST API.
fn payload(world: &World, topic: &str, body: &Value) -> Result<(String, Value), String> {
    let store = store(world, body)?;
    let shop = &store.ledger.shop;
    let view = store.ledger.at(world.now());
    let id = body["order"].as_str().and_then(|id| id.rsplit('/').next()?.parse::<u64>().ok());
    let payload = match topic {
        "orders/delete" | "products/delete" => json!({"id": id.ok_or("order: the id of what was deleted")?}),
        orders if orders.starts_with("orders/") => {
            let index = match id {
                Some(id) => shop.order_index(id).ok_or("order: an id of this shop")?,
                None => shop.placed_until(world.now()).saturating_sub(1),
            };
            let order = view.order(index).ok_or("order: it is not there")?;
            rest(&order, shop.currency, shop.taxes_included)
        }
        "bulk_operations/finish" => json!({"admin_graphql_api_id": body["bulk"], "completed_at":
            text::instant(world.now()), "created_at": text::instant(world.now()), "error_code": null,
            "status": "completed", "type": "query"}),
        "app/uninstalled" | "shop/update" => json!({"id": 63_755_000_000_u64 + shop.setup.number, "name": shop.name,
            "domain": shop.domain, "myshopify_domain": shop.domain, "currency": shop.currency, "iana_timezone": shop.zone}),
        "customers/redact" | "customers/data_request" => json!({"shop_id": 63_755_000_000_u64 + shop.setup.number,
            "shop_domain": shop.domain, "customer": {"id": body["customer"], "email": body["email"]}, "orders_to_redact": []}),
        "shop/redact" => json!({"shop_id": 63_755_000_000_u64 + shop.setup.number, "shop_domain": shop.domain}),
        _ => json!({"id": id}),
    };
    Ok((shop.domain.clone(), payload))
}

fn rest(order: &Order, currency: &str, included: bool) -> Value {
    let money = |value: i64| {
        json!({"shop_money": {"amount": text::price(value), "currency_code": currency},
        "presentment_money": {"amount": text::price(value * order.presentment.1 / 1_000_000), "currency_code": order.presentment.0}})
    };
    let given: i64 = order.refunded();
    let time = text::instant;
    json!({
        "id": order.id, "admin_graphql_api_id": text::gid("Order", order.id), "name": format!("#{}", order.index + 1001),
        "created_at": time(order.line.created), "updated_at": time(order.updated), "processed_at": time(order.line.created),
        "cancelled_at": order.cancelled.map(|(at, _)| time(at)), "test": order.test, "currency": currency,
        "presentment_currency": order.presentment.0, "taxes_included": included,
        "financial_status": order.financial.map(str::to_lowercase),
        "total_price": text::price(order.total(included)), "total_price_set": money(order.total(included)),
        "current_total_price": text::price(order.total(included) - given),
        "current_total_price_set": money(order.total(included) - given),
        "subtotal_price": text::price(order.subtotal()), "total_tax": text::price(order.tax()),
        "total_discounts": text::price(order.discounts()),
    })
}
