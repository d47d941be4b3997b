//! `/mcp/admin`: the same administration under a second address, tenants for whoever holds an instance token, and the tokens
//! themselves.

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use pulsepoint::auth::{Access, Role, instance};
use pulsepoint::error::Error;
use pulsepoint::events::{self, Event};
use pulsepoint::http::{Peer, PerMinute, Settings};
use pulsepoint::routes::{Route, table};
use pulsepoint::tenants::TenantId;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::app::{Answer, PASSWORD, Shop, TestApp, operator, request};
use crate::support::ask::Ask;
use crate::support::binary::Home;

/// Where programs administer, in the place of `/api/`.
pub const ADDRESS: &str = "/mcp/admin/";

/// The line of the table that a line of programs is the second address of, or itself.
pub fn canonical(line: &str) -> String {
    if line.contains("/mcp/admin/tenants") { line.to_owned() } else { line.replacen(ADDRESS, "/api/", 1) }
}

/// The credential that a route is for: an instance token, or the token of the person of a role.
pub async fn credential(app: &TestApp, shop: &Shop, route: &Route, who: Role) -> String {
    if route.access == Access::Instance { app.instance_token().await } else { app.token(shop, who) }
}

/// What to ask of a route that is for instance tokens.
pub async fn tenants(app: &TestApp, line: &str) -> Option<Ask> {
    let (_, path) = line.split_once(' ').unwrap();
    Some(match line {
        "GET /mcp/admin/tenants" => Ask::at(path),
        "POST /mcp/admin/tenants" => Ask::at(path).json(json!({ "slug": slug(), "name": "Spare" })).expecting(201),
        "DELETE /mcp/admin/tenants/{id}"
        | "POST /mcp/admin/tenants/{id}/suspend"
        | "POST /mcp/admin/tenants/{id}/resume"
        | "POST /mcp/admin/tenants/{id}/restore" => {
            let (tenants, id) = (&app.app.tenants, spare_tenant(app).await);
            if path.ends_with("resume") {
                assert!(tenants.suspend(&id, operator()).await.unwrap());
            }
            if path.ends_with("restore") {
                assert!(tenants.plan_deletion(&id, app.app.clock.system_time(), operator()).await.unwrap());
            }
            Ask::at(path.replace("{id}", id.as_str()))
        }
        _ => return None,
    })
}

/// A tenant that nobody needs.
async fn spare_tenant(app: &TestApp) -> TenantId {
    app.app.tenants.create(&slug(), "Spare").await.unwrap().id().clone()
}

fn slug() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

async fn post(app: &TestApp, path: &str, token: &str) -> Answer {
    app.ask(Method::POST, path, Some(token), None).await
}

async fn told(app: &TestApp) -> Vec<Event> {
    app.app.auth.denials().flush().await.unwrap();
    app.app.tenants.control().read(|conn| events::read_from(conn, "test", 10_000)).await.unwrap()
}

/// A new token: its id and the whole of it.
/// The time of tokens and of deletions: the system's, which no `--now` fixes.
fn clock(app: &TestApp) -> Timestamp {
    app.app.clock.system_time()
}

async fn made(app: &TestApp, days: u16) -> (String, String) {
    let new = instance::create(&app.app.tenants, ("A program", Some(days)), operator(), clock(app)).await.unwrap();
    (new.0.id, new.1.expose_secret().to_owned())
}

#[test]
fn users_keys_and_backups_are_administered_at_a_second_address_by_the_same_permissions() {
    let lines: Vec<(String, Access)> =
        table().into_iter().map(|route| (format!("{} {}", route.method, route.path), route.access)).collect();
    let mut twice = 0;
    for (line, access) in &lines {
        let rest = line.split_once(" /api/").map(|(_, rest)| rest.split('/').next().unwrap());
        let second = line.replacen("/api/", ADDRESS, 1);
        let found = lines.iter().find(|(other, _)| *other == second && second != *line);
        let wanted = rest.is_some_and(|first| ["users", "keys", "backups"].contains(&first));
        assert_eq!(found.map(|(_, access)| access), wanted.then_some(access), "{line}");
        twice += usize::from(wanted);
    }
    assert!(twice > 15, "{twice}");
}

#[tokio::test]
async fn an_instance_token_makes_closes_and_opens_tenants_and_each_is_told() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("other").await);
    let (id, token) = made(&app, 30).await;
    let listed = app.get("/mcp/admin/tenants", &token).await.json();
    let slugs: Vec<_> = listed["tenants"].as_array().unwrap().iter().map(|one| one["slug"].clone()).collect();
    assert_eq!(slugs, ["acme", "other"]);

    let body = json!({ "slug": "third", "name": "The Third" });
    let new = app.ask(Method::POST, "/mcp/admin/tenants", Some(&token), Some(body.clone())).await;
    assert_eq!((new.status, &new.json()["state"]), (StatusCode::CREATED, &json!("active")), "{new:?}");
    let again = app.ask(Method::POST, "/mcp/admin/tenants", Some(&token), Some(body)).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "slug_taken"));

    let closed = post(&app, "/mcp/admin/tenants/acme/suspend", &token).await;
    assert_eq!((closed.status, &closed.json()["changed"]), (StatusCode::OK, &json!(true)), "{closed:?}");
    let again = post(&app, "/mcp/admin/tenants/acme/suspend", &token).await.json();
    assert_eq!((&again["changed"], &again["state"]), (&json!(false), &json!("suspended")));
    assert_eq!(app.login("owner@acme.example", PASSWORD).await.code(), "tenant_suspended");
    assert_eq!(app.login("owner@other.example", PASSWORD).await.status, StatusCode::OK);
    let by_id = format!("/mcp/admin/tenants/{}", shop.tenant.id());
    assert_eq!(post(&app, &format!("{by_id}/resume"), &token).await.json()["state"], "active");
    let gone = app.ask(Method::DELETE, &by_id, Some(&token), None).await.json();
    assert_eq!(gone["state"], "deleting");
    let after: Timestamp = gone["delete_after"].as_str().unwrap().parse().unwrap();
    let left = after.duration_since(clock(&app)).as_secs();
    assert!((7 * 86_400 - 60..=7 * 86_400).contains(&left), "there are seven days to take it back: {gone}");
    assert_eq!(post(&app, &format!("{by_id}/restore"), &token).await.json()["state"], "active");
    assert_eq!(app.login("owner@acme.example", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(post(&app, "/mcp/admin/tenants/nowhere/suspend", &token).await.status, StatusCode::NOT_FOUND);

    let actor = format!("instance-token:{id}");
    let mine: Vec<Event> = told(&app).await.into_iter().filter(|event| event.actor == actor).collect();
    let kinds: Vec<&str> = mine.iter().map(|event| event.kind.as_str()).collect();
    let expected =
        ["tenant.created", "tenant.suspended", "tenant.resumed", "tenant.deletion_planned", "tenant.restored"];
    assert_eq!(kinds, expected);
    assert!(mine.iter().all(|event| event.request_id.is_some() && event.ip.as_deref() == Some("203.0.113.7")));
    for (tenant, count) in [(&shop.tenant, 4), (&other.tenant, 0)] {
        let own = tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
        assert_eq!(own.iter().filter(|event| event.actor == actor).count(), count, "{}", tenant.slug());
    }
}

#[tokio::test]
async fn a_tenant_is_made_with_a_link_for_its_owner_or_not_at_all() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let (_, token) = made(&app, 30).await;
    let make = async |slug: &str, email: &str| {
        let body = json!({ "slug": slug, "name": "Northwind", "owner_email": email });
        app.ask(Method::POST, "/mcp/admin/tenants", Some(&token), Some(body)).await
    };
    let bad = make("northwind", "no address").await;
    assert_eq!((bad.status, bad.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("owner_email")));
    assert_eq!(make("northwind", &shop.person(Role::Viewer).email).await.code(), "email_taken");
    assert_eq!(app.app.tenants.list().await.unwrap().len(), 1, "nothing was made");
    let new = make("northwind", "ann@northwind.example").await;
    assert_eq!(new.status, StatusCode::CREATED, "{new:?}");
    let link = new.json()["owner"]["link"].as_str().unwrap().to_owned();
    let body = json!({ "token": link.split_once('#').unwrap().1, "name": "Ann", "password": PASSWORD });
    let joined = app.ask(Method::POST, "/api/auth/links/accept", None, Some(body)).await;
    assert_eq!(joined.status, StatusCode::OK, "{joined:?}");
    let ann = app.login("ann@northwind.example", PASSWORD).await.json();
    assert_eq!((&ann["user"]["role"], &ann["tenant"]["name"]), (&json!("owner"), &json!("Northwind")));
    let users = app.get("/api/users", ann["access_token"].as_str().unwrap()).await.json();
    assert_eq!(users["users"].as_array().unwrap().len(), 1, "and sees nobody of the other tenant: {users}");
}

#[tokio::test]
async fn an_instance_token_opens_no_tenant_and_no_owner_has_its_rights() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("other").await);
    let (_, token) = made(&app, 30).await;
    for path in ["/api/auth/me", "/api/brands", "/api/users", "/api/audit", "/mcp/admin/users", "/mcp/admin/backups"] {
        let refused = app.get(path, &token).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in_required"), "{path}");
    }
    for owner in [app.token(&shop, Role::Owner), app.token(&other, Role::Owner)] {
        let refused = app.get("/mcp/admin/tenants", &owner).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.json()["detail"].as_str().unwrap().contains("instance"), "{refused:?}");
    }
    assert_eq!(app.ask(Method::GET, "/mcp/admin/tenants", None, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/mcp/admin/nowhere", &token).await.status, StatusCode::NOT_FOUND);
    let denied = told(&app).await;
    let has = |kind: &str, route: &str| denied.iter().any(|event| event.kind == kind && event.data["route"] == route);
    assert!(has("token.refused", "GET /api/brands"), "{denied:?}");
    assert!(has("access.denied", "GET /mcp/admin/tenants"), "{denied:?}");
}

#[tokio::test]
async fn an_instance_token_is_kept_as_a_hash_and_ends() {
    let app = TestApp::start().await;
    for days in [0, 366] {
        let refused = instance::create(&app.app.tenants, ("A program", Some(days)), operator(), clock(&app)).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{days} days");
    }
    let ((first, gone), (_, over), (_, stays)) = (made(&app, 30).await, made(&app, 30).await, made(&app, 30).await);
    let get = async |token: &str| app.get("/mcp/admin/tenants", token).await.status;
    assert_eq!(get(&gone).await, StatusCode::OK);
    let rows = instance::list(&app.app.tenants).await.unwrap();
    let used = rows.iter().find(|row| row.id == first).unwrap();
    let (now_ms, month_ms) = (clock(&app).as_millisecond(), 30 * 24 * 3_600_000);
    assert!((0..60_000).contains(&(now_ms - used.last_used_ms.unwrap())), "{now_ms}");
    assert!((0..60_000).contains(&(now_ms + month_ms - used.expires_at_ms)), "{now_ms}");

    let (id, past) =
        (over.split('_').nth(2).unwrap().to_owned(), "update instance_tokens set expires_at_ms = ?2 where id = ?1");
    let end = move |tx: &rusqlite::Transaction| Ok(tx.execute(past, (&id, now_ms))?);
    app.app.tenants.control().write(end).await.unwrap();
    instance::revoke(&app.app.tenants, &first, operator(), clock(&app)).await.unwrap();
    let again = instance::revoke(&app.app.tenants, &first, operator(), clock(&app)).await;
    assert!(matches!(again, Err(Error::NotFound)));
    assert_eq!((get(&gone).await, get(&over).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(get(&stays).await, StatusCode::OK);
    let kinds: Vec<String> = told(&app).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "instance_token.created").count(), 3, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "instance_token.revoked").count(), 1, "{kinds:?}");

    let secret = stays[21..64].to_owned();
    let texts = "select group_concat(coalesce(kind, '') || actor || coalesce(subject, '') || data) from events";
    let all: String = app
        .app
        .tenants
        .control()
        .read(move |conn| {
            let of = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0));
            Ok(of(texts)? + &of("select group_concat(id || name || hex(hash)) from instance_tokens")?)
        })
        .await
        .unwrap();
    assert!(all.contains("A program") && !all.contains(&secret), "{all}");
}

#[tokio::test]
async fn instance_tokens_are_counted_and_who_guesses_is_refused() {
    let limits = Settings { rate_limit_per_minute: PerMinute::Of(5), ban_failures: 30, ..Settings::default() };
    let app = TestApp::with(limits).await;
    let (first, second) = (made(&app, 30).await.1, made(&app, 30).await.1);
    let from = async |peer: String, token: &str| {
        let mut asked = request(Method::GET, "/mcp/admin/tenants", Some(token), None);
        asked.extensions_mut().insert(Peer(peer.parse().unwrap()));
        app.send(asked).await
    };
    let mut last = StatusCode::OK;
    for n in 0..7 {
        // From wherever: what counts is the token.
        last = from(format!("203.0.113.{n}:1"), &first).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from("203.0.113.1:1".to_owned(), &second).await.status, StatusCode::OK);
    for n in 0..30 {
        // The last letter is of the check sum.
        let guess = format!("{}{:08x}", &first[..first.len() - 8], n);
        from(format!("[2001:db8::{n:x}]:1"), &guess).await;
    }
    let refused = from("[2001:db8::fff]:1".to_owned(), &second).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert!(told(&app).await.iter().any(|event| event.kind == "address.banned"));
}

#[tokio::test]
async fn the_command_line_makes_lists_and_revokes_instance_tokens() {
    let home = Home::new();
    let early = home.run(&["instance-token", "add", "before", "--json"]).ok().json();
    let server = home.serve(&[]);
    let made = home.run(&["instance-token", "add", "billing", "--days", "7", "--json"]).ok().json();
    let client = crate::support::client::client();
    let ask = async |token: &Value| {
        let asked = client.get(format!("{}/mcp/admin/tenants", server.url)).bearer_auth(token.as_str().unwrap());
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!((ask(&early["token"]).await, ask(&made["token"]).await), (200, 200));
    let listed = home.run(&["instance-token", "list", "--json"]).ok();
    assert!(!listed.out.contains(made["token"].as_str().unwrap()));
    let names: Vec<Value> =
        listed.json()["tokens"].as_array().unwrap().iter().map(|token| token["name"].clone()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(home.run(&["instance-token", "list"]).ok().out.contains("billing"));
    home.run(&["instance-token", "revoke", made["id"].as_str().unwrap()]).ok();
    assert_eq!((ask(&early["token"]).await, ask(&made["token"]).await), (200, 401));
    let unknown = home.run(&["instance-token", "revoke", "nothing0"]).failed(1);
    assert!(unknown.contains("instance-token list"), "{unknown}");
    home.run(&["instance-token", "add", "x", "--days", "400"]).failed(1);
    let review = home.run(&["audit", "review", "--json"]).ok().json();
    assert_eq!(review["instance_tokens"][0]["name"], "before", "{review}");
    let reviewed = home.run(&["audit", "review"]).ok().out;
    assert!(reviewed.contains("(before): last use"), "{reviewed}");
}
