//! Who may do what: every route of the table, asked by the owner, a stranger, every role and another tenant's owner. What keys and
//! people of other brands may, stands in `access_keys`.
//! A new route needs one arm in `ask_line`, or this fails.

use std::io::Write;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Access, Permission, Role};
use pulsepoint::events;
use pulsepoint::routes::{Route, table};
use serde_json::{Value, json};

use crate::access_admin::{self as admin, canonical, credential};
use crate::access_money as money;
use crate::imports;
use crate::oidc;
use crate::passkeys::{self, ORIGIN};
use crate::second_factor;
use crate::support::app::{PASSWORD, Shop, TestApp};
use crate::support::ask::{Ask, with_random_ids};
use crate::support::device::Device;
use crate::support::provider::Provider;
use crate::sync_http::{integration, shop_to_connect};

/// A file that can be imported.
const ORDERS: &[u8] = include_bytes!("../fixtures/imports/shopify_orders.csv");

/// What to ask of a route, as the person of a role. Called anew for every cell, since some requests use up what they ask for.
pub async fn ask(app: &TestApp, shop: &Shop, route: &Route, who: Role) -> Option<Ask> {
    let line = format!("{} {}", route.method, route.path);
    let asked = ask_line(app, shop, &canonical(&line), who).await?;
    match route.access {
        Access::Instance => Some(asked),
        _ if route.path.starts_with(admin::ADDRESS) => {
            Some(Ask { path: asked.path.replacen("/api/", admin::ADDRESS, 1), ..asked })
        }
        _ => Some(asked),
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one entry a route")]
async fn ask_line(app: &TestApp, shop: &Shop, line: &str, who: Role) -> Option<Ask> {
    let brand = &shop.brand.uid;
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let (_, path) = line.split_once(' ').unwrap();
    Some(match line {
        "GET /healthz"
        | "GET /readyz"
        | "GET /api/openapi.json"
        | "GET /api/setup"
        | "GET /api/auth/me"
        | "GET /api/auth/sessions"
        | "GET /api/auth/totp"
        | "GET /api/auth/oidc"
        | "GET /api/auth/passkeys"
        | "GET /api/auth/passkeys/login"
        | "POST /api/auth/passkeys/login"
        | "GET /api/keys"
        | "GET /api/users"
        | "GET /api/users/invitations"
        | "GET /api/audit"
        | "GET /api/backups"
        | "GET /api/brands"
        | "GET /api/metrics"
        | "GET /api/integrations"
        | "GET /api/integrations/sources"
        | "GET /api/customers/requests"
        | "GET /api/stream" => Ask::at(path),
        // The test's server has no authority.
        "GET /trust" | "GET /trust/root.crt" => Ask::at(path).expecting(404),
        "POST /api/setup" => {
            let body =
                json!({ "token": "x", "tenant_name": "x", "email": "x@x.example", "name": "x", "password": PASSWORD });
            Ask::at(path).json(body).expecting(404)
        }
        "POST /api/auth/login" => Ask::at(path).json(json!({ "email": shop.people[0].email, "password": PASSWORD })),
        "POST /api/auth/refresh" => {
            let cookie = app.login(&shop.people[0].email, PASSWORD).await.cookie();
            Ask { cookie: Some(cookie), ..Ask::at(path) }
        }
        "POST /api/auth/logout" => Ask::at(path).expecting(204),
        "POST /api/auth/links" => Ask::at(path).json(json!({ "token": invitation(app, shop).await.1 })),
        "POST /api/auth/links/accept" => {
            let token = invitation(app, shop).await.1;
            Ask::at(path).json(json!({ "token": token, "name": "New", "password": PASSWORD }))
        }
        "POST /api/auth/password" => Ask::at(path).json(json!({ "current": PASSWORD, "new": PASSWORD })),
        "DELETE /api/auth/sessions" => Ask::at(path).expecting(204),
        "DELETE /api/auth/sessions/{id}" => {
            Ask::at(format!("/api/auth/sessions/{}", session(app, shop, who).await)).expecting(204)
        }
        "POST /api/auth/totp" => {
            second_factor::forget(shop, who).await;
            Ask::at(path).json(json!({ "password": PASSWORD }))
        }
        "POST /api/auth/totp/confirm" => {
            let code = second_factor::begun(app, shop, who).await.code(0);
            Ask::at(path).json(json!({ "code": code }))
        }
        "POST /api/auth/totp/recovery" | "POST /api/auth/totp/remove" => {
            let (phone, _) = second_factor::enrolled(app, shop, who).await;
            let status = if path.ends_with("remove") { 204 } else { 200 };
            Ask::at(path).json(json!({ "password": PASSWORD, "code": phone.code(1) })).expecting(status)
        }
        "GET /api/auth/oidc/start" | "GET /api/auth/oidc/callback" => Ask::at(path).expecting(303),
        "POST /api/auth/oidc/start" => Ask::at(path).json(json!({ "invitation": "x" })),
        // Nobody has been at the provider.
        "POST /api/auth/oidc/code" => Ask::at(path).json(json!({ "totp": "000000" })).expecting(401),
        "POST /api/auth/passkeys" => Ask::at(path).json(json!({ "password": PASSWORD })),
        "POST /api/auth/passkeys/confirm" => {
            passkeys::forget(shop, who).await;
            let body = passkeys::made(app, &app.token(shop, who), &mut Device::at(ORIGIN)).await;
            Ask::at(path).json(body).expecting(201)
        }
        "POST /api/auth/passkeys/{id}/remove" => {
            passkeys::forget(shop, who).await;
            let id = passkeys::added(app, &app.token(shop, who), &mut Device::at(ORIGIN)).await;
            let path = format!("/api/auth/passkeys/{id}/remove");
            Ask::at(path).json(json!({ "password": PASSWORD })).expecting(204)
        }
        "POST /api/auth/passkeys/login/confirm" => {
            passkeys::forget(shop, who).await;
            let mut device = Device::at(ORIGIN);
            passkeys::added(app, &app.token(shop, who), &mut device).await;
            let asked = passkeys::challenged(app).await;
            let credential = device.get(&asked["options"]);
            Ask::at(path).json(json!({ "ceremony": asked["ceremony"], "credential": credential }))
        }
        "DELETE /api/users/{id}/passkeys" => {
            passkeys::forget(shop, Role::Viewer).await;
            passkeys::added(app, &app.token(shop, Role::Viewer), &mut Device::at(ORIGIN)).await;
            Ask::at(format!("/api/users/{}/passkeys", shop.person(Role::Viewer).id)).expecting(204)
        }
        "DELETE /api/users/{id}/oidc" => {
            let id = shop.person(Role::Viewer).id.clone();
            let bound = id.clone();
            let bind = move |tx: &rusqlite::Transaction| {
                Ok(tx.execute("insert or replace into oidc_subjects values (?1, 'issuer', 'subject', 0)", [&bound])?)
            };
            shop.tenant.db().write(bind).await.unwrap();
            Ask::at(format!("/api/users/{id}/oidc")).expecting(204)
        }
        "POST /api/users/{id}/reset" => {
            Ask::at(format!("/api/users/{}/reset", spare_person(app, shop).await)).expecting(201)
        }
        "DELETE /api/users/{id}/sessions" => {
            Ask::at(format!("/api/users/{}/sessions", spare_person(app, shop).await)).expecting(204)
        }
        "DELETE /api/users/{id}/totp" => {
            second_factor::enrolled(app, shop, Role::Viewer).await;
            Ask::at(format!("/api/users/{}/totp", shop.person(Role::Viewer).id)).expecting(204)
        }
        "PUT /api/users/policy" => Ask::at(path).json(json!({ "second_factor_required": false })).expecting(204),
        "POST /api/users/invitations" => {
            let body = json!({ "email": format!("{unique}@people.example"), "role": "viewer" });
            Ask::at(path).json(body).expecting(201)
        }
        "DELETE /api/users/invitations/{id}" => {
            Ask::at(format!("/api/users/invitations/{}", invitation(app, shop).await.0)).expecting(204)
        }
        "POST /api/keys" => Ask::at(path).json(json!({ "name": "Key", "permissions": ["view"] })).expecting(201),
        "DELETE /api/keys/{id}" => {
            let made = key(app, shop, &[Permission::View], &json!({})).await;
            Ask::at(format!("/api/keys/{}", made["id"].as_str().unwrap())).expecting(204)
        }
        "POST /api/backups" => {
            while app.app.backups.state(shop.tenant.id()).running {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Ask::at(path).expecting(202)
        }
        "POST /api/users" => {
            let email = format!("{unique}@people.example");
            let body = json!({ "email": email, "name": "New", "role": "viewer", "password": PASSWORD });
            Ask::at(path).json(body).expecting(201)
        }
        "PATCH /api/users/{id}" => {
            Ask::at(format!("/api/users/{}", shop.person(Role::Viewer).id)).json(json!({ "name": unique }))
        }
        "DELETE /api/users/{id}" => Ask::at(format!("/api/users/{}", spare_person(app, shop).await)).expecting(204),
        "GET /api/customers/erasures" => Ask::at(path),
        "POST /api/customers/export" | "POST /api/customers/erase" => {
            Ask::at(path).json(json!({ "email": "nobody@shop.example" }))
        }
        "POST /api/brands" => {
            let body = json!({ "name": unique, "currency": "USD", "timezone": "Europe/London" });
            Ask::at(path).json(body).expecting(201)
        }
        "GET /api/brands/{brand}" => Ask::at(format!("/api/brands/{brand}")),
        "DELETE /api/brands/{brand}/demo" => {
            let id = shop.brand.id;
            let mark =
                move |tx: &rusqlite::Transaction| Ok(tx.execute("update brands set demo = 1 where id = ?1", [id])?);
            shop.tenant.db().write(mark).await.unwrap();
            Ask::at(format!("/api/brands/{brand}/demo")).expecting(204)
        }
        "GET /api/imports/formats" | "GET /px.js" => Ask::at(path),
        "GET /api/brands/{brand}/imports" => Ask::at(format!("/api/brands/{brand}/imports")),
        "POST /api/brands/{brand}/imports" => {
            let (kind, body) = imports::form(("orders.csv", ORDERS), &[]);
            Ask { kind, body, ..Ask::at(format!("/api/brands/{brand}/imports")).expecting(202) }
        }
        "GET /api/brands/{brand}/imports/{id}" | "GET /api/brands/{brand}/imports/{id}/rejects" => {
            let taken = imports::imported(app, shop, ("orders.csv", ORDERS), &[]).await;
            let id = taken["id"].as_str().unwrap();
            Ask::at(path.replace("{brand}", brand).replace("{id}", id))
        }
        "POST /api/integrations" => Ask::at(path).json(shop_to_connect(brand)).expecting(201),
        "POST /api/integrations/test" => Ask::at(path).json(shop_to_connect(brand)),
        "GET /api/integrations/{id}" | "GET /api/integrations/{id}/runs" | "GET /api/integrations/{id}/rejects" => {
            Ask::at(path.replace("{id}", &integration(app, shop).await))
        }
        "POST /api/integrations/{id}/test"
        | "POST /api/integrations/{id}/pause"
        | "POST /api/integrations/{id}/resume" => Ask::at(path.replace("{id}", &integration(app, shop).await)),
        "GET /api/oauth/{source}/start" => {
            Ask::at(format!("/api/oauth/shopify/start?integration={}", integration(app, shop).await))
        }
        // Whoever comes back from the platform, and what it sends, is no member: `sync_http` asks as they do.
        "GET /api/oauth/{source}/callback" => Ask::at("/api/oauth/nobody/callback").expecting(404),
        "POST /px/{site}"
        | "POST /api/brands/{brand}/sites"
        | "DELETE /api/brands/{brand}/sites/{id}"
        | "POST /api/brands/{brand}/channels/try"
        | "PUT /api/brands/{brand}/channels" => crate::pixel_servers::ask(shop, line, unique).await,
        "POST /api/webhooks/shopify/{integration}" => {
            Ask::at(format!("/api/webhooks/shopify/{unique}")).json(json!({})).expecting(404)
        }
        "POST /api/integrations/{id}/sync" => {
            Ask::at(path.replace("{id}", &integration(app, shop).await)).expecting(202)
        }
        "POST /api/integrations/{id}/resync" => Ask::at(path.replace("{id}", &integration(app, shop).await))
            .json(json!({ "from": "2026-11-01", "to": "2026-11-02" }))
            .expecting(202),
        "PUT /api/integrations/{id}/credentials" => Ask::at(path.replace("{id}", &integration(app, shop).await))
            .json(json!({ "credentials": { "access_token": "shpat_2" } })),
        "DELETE /api/integrations/{id}" => Ask::at(path.replace("{id}", &integration(app, shop).await)).expecting(204),
        "GET /api/brands/{brand}/sites"
        | "GET /api/brands/{brand}/channels"
        | "GET /api/brands/{brand}/dashboard"
        | "GET /api/brands/{brand}/cohorts"
        | "GET /api/brands/{brand}/customers/forecast"
        | "GET /api/brands/{brand}/attribution"
        | "GET /api/brands/{brand}/attribution/paths" => Ask::at(path.replace("{brand}", brand)),
        "POST /api/brands/{brand}/query" => Ask::at(format!("/api/brands/{brand}/query"))
            .json(json!({ "metrics": ["net_sales"], "time": { "range": "7d" } })),
        "GET /api/brands/{brand}/profit"
        | "GET /api/brands/{brand}/costs"
        | "GET /api/brands/{brand}/bridge"
        | "GET /api/brands/{brand}/bridge/orders"
        | "GET /api/brands/{brand}/bridge/claims"
        | "GET /api/brands/{brand}/bridge/totals"
        | "POST /api/brands/{brand}/costs"
        | "PATCH /api/brands/{brand}/costs/{id}"
        | "DELETE /api/brands/{brand}/costs/{id}"
        | "POST /api/brands/{brand}/bridge/totals"
        | "DELETE /api/brands/{brand}/bridge/totals/{id}" => money::ask(app, shop, line).await,
        "PATCH /api/brands/{brand}" => Ask::at(format!("/api/brands/{brand}")).json(json!({ "name": unique })),
        _ => return admin::tenants(app, line).await,
    })
}

async fn spare_person(app: &TestApp, shop: &Shop) -> String {
    let body = json!({ "email": format!("{}@people.example", uuid::Uuid::new_v4().simple()), "name": "Spare",
        "role": "viewer", "password": PASSWORD });
    let owner = app.token(shop, Role::Owner);
    let made = app.ask(Method::POST, "/api/users", Some(&owner), Some(body)).await;
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The id and the token of an open invitation.
pub async fn invitation(app: &TestApp, shop: &Shop) -> (String, String) {
    let body = json!({ "email": format!("{}@people.example", uuid::Uuid::new_v4().simple()), "role": "viewer" });
    let owner = app.token(shop, Role::Owner);
    let made = app.ask(Method::POST, "/api/users/invitations", Some(&owner), Some(body)).await.json();
    let token = made["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    (made["id"].as_str().unwrap().to_owned(), token)
}

/// A new session of the person of a role.
async fn session(app: &TestApp, shop: &Shop, who: Role) -> String {
    second_factor::forget(shop, who).await;
    let email = &shop.person(who).email;
    app.login(email, PASSWORD).await;
    let list = app.get("/api/auth/sessions", &app.token(shop, who)).await.json();
    list["sessions"][0]["id"].as_str().unwrap().to_owned()
}

/// A key made by the owner; `more` is merged into what is asked for.
pub async fn key(app: &TestApp, shop: &Shop, permissions: &[Permission], more: &Value) -> Value {
    let mut body = json!({ "name": "Key", "permissions": permissions });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let owner = app.token(shop, Role::Owner);
    let made = app.ask(Method::POST, "/api/keys", Some(&owner), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()
}

fn permitted(access: Access, role: Role) -> bool {
    match access {
        Access::Public | Access::SignedIn | Access::Person => true,
        Access::Needs(permission) => role.permissions().has(permission),
        Access::Instance => false,
    }
}

/// What only owners may, in person, though the route's permission is held by others too.
pub const OWNERS_ONLY: [&str; 2] = ["PUT /api/users/policy", "DELETE /api/users/{id}/oidc"];

/// A Pulsepoint with everything that is off unless it is configured.
pub async fn app() -> TestApp {
    let provider = Provider::of("analyst@juniper-oak.example").await;
    oidc::app_at(&provider).await
}

#[tokio::test]
async fn every_route_for_everybody() {
    let app = app().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let mut cells = 0;
    for route in table() {
        let line = format!("{} {}", route.method, route.path);
        let Some(first) = ask(&app, &shop, &route, Role::Owner).await else {
            panic!("no request to {line} is known: add one to `ask`")
        };
        let owner = credential(&app, &shop, &route, Role::Owner).await;
        let owner = first.send(&app, &route.method, Some(&owner)).await;
        assert_eq!(owner.status, first.expected, "{line} for the owner: {owner:?}");
        cells += 1;

        let asked = ask(&app, &shop, &route, Role::Owner).await.unwrap();
        let stranger = asked.send(&app, &route.method, None).await;
        let expected = if route.access == Access::Public { asked.expected } else { StatusCode::UNAUTHORIZED };
        assert_eq!(stranger.status, expected, "{line} for a stranger: {stranger:?}");
        cells += 1;

        for role in Role::ALL {
            let asked = ask(&app, &shop, &route, role).await.unwrap();
            let answer = asked.send(&app, &route.method, Some(&app.token(&shop, role))).await;
            let closed = OWNERS_ONLY.contains(&canonical(&line).as_str()) && role != Role::Owner;
            let expected =
                if permitted(route.access, role) && !closed { asked.expected } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{line} for the {role}: {answer:?}");
            cells += 1;
        }
        cells += foreign_cell(&app, (&shop, &other), &route, &line).await;
    }
    // Past the test's own capture: the number belongs in the log.
    writeln!(std::io::stderr(), "access: {cells} cells over {} routes", table().len()).unwrap();
    assert_eq!(cells, table().len() * 9);

    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 10_000)).await.unwrap();
    let denies = |route: &&Route| Role::ALL.iter().any(|role| !permitted(route.access, *role));
    assert!(table().iter().filter(denies).count() > 5, "most routes are closed to some role");
    for route in table().iter().filter(denies) {
        let label = format!("{} {}", route.method, route.path);
        assert!(denied.iter().any(|event| event.data["route"] == label.as_str()), "no denial of {label} was told");
    }
}

/// Another tenant's owner, with this tenant's ids: not there, in the very words used for what is nowhere.
async fn foreign_cell(app: &TestApp, (shop, other): (&Shop, &Shop), route: &Route, line: &str) -> usize {
    let asked = ask(app, shop, route, Role::Owner).await.unwrap();
    let answer = asked.send(app, &route.method, Some(&app.token(other, Role::Owner))).await;
    if !route.path.contains('{') {
        let text = String::from_utf8_lossy(&answer.body);
        let own = route.access != Access::Public
            && [shop.brand.uid.as_str(), "@juniper-oak"].iter().any(|c| text.contains(c));
        assert!(!own || route.method == Method::POST, "{line} shows another tenant's data: {text}");
        return 1;
    }
    if route.access == Access::Instance {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{line} for another tenant's owner: {answer:?}");
        return 1;
    }
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{line} for another tenant's owner: {answer:?}");
    let random = Ask { path: with_random_ids(route.path), ..asked };
    let nowhere = random.send(app, &route.method, Some(&app.token(other, Role::Owner))).await;
    assert_eq!((nowhere.status, nowhere.comparable()), (answer.status, answer.comparable()), "{line}");
    1
}

#[tokio::test]
async fn a_handler_behind_the_table_s_back_has_no_member() {
    use pulsepoint::auth::Member;
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let naked = axum::Router::new().route("/api/naked", axum::routing::get(|_: Member| async { "data" }));
    let request = crate::support::app::request(Method::GET, "/api/naked", Some(&app.token(&shop, Role::Owner)), None);
    let answer = tower::ServiceExt::oneshot(naked, request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
