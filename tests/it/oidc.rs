//! Single sign-on at a provider that speaks real HTTP: who comes in, and who does not whatever the provider says.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::auth::oidc::{Oidc, Settings};
use pulsepoint::events;
use pulsepoint::http;
use serde_json::{Value, json};

use crate::second_factor;
use crate::support::app::{Answer, PASSWORD, Shop, TestApp, operator};
use crate::support::provider::{CLIENT, Provider, SECRET};

pub const PUBLIC: &str = "https://figures.example.com";
pub const ANALYST: &str = "analyst@juniper-oak.example";

/// A Pulsepoint whose people sign in at this provider.
pub async fn app_at(provider: &Provider) -> TestApp {
    let settings = http::Settings {
        rate_limit_per_minute: http::PerMinute::Of(0),
        ban_failures: 0,
        public_url: PUBLIC.parse().unwrap(),
        ..Default::default()
    };
    let app = TestApp::with(settings).await;
    sign_in_at(&app, provider);
    app
}

/// Lets the people of a Pulsepoint that is called [`PUBLIC`] sign in at this provider.
pub fn sign_in_at(app: &TestApp, provider: &Provider) {
    let issuer = provider.url.clone();
    let oidc = Settings { issuer, client_id: CLIENT.to_owned(), name: "Juniper ID".to_owned(), ..Settings::default() };
    app.app.auth.sign_in_at(Oidc::new(&oidc, Some(SECRET.into()), &PUBLIC.parse().unwrap()).unwrap().unwrap());
}

/// A Pulsepoint with two shops, and a provider that vouches for the first one's analyst.
pub async fn world() -> (TestApp, Provider, Shop, Shop) {
    let provider = Provider::of(ANALYST).await;
    let app = app_at(&provider).await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    (app, provider, shop, other)
}

/// A browser on its way: the cookie it was given, and where the provider sends it back to.
pub struct Way {
    pub cookie: String,
    pub back: String,
}

pub fn cookie_of(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    let found = lines.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with(name));
    found.map(str::to_owned).filter(|pair| !pair.ends_with('='))
}

pub async fn visit(app: &TestApp, path: &str, cookie: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

pub fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}

/// Follows an address of the provider, as a browser does, and returns the path it is sent back to.
pub async fn at_provider(address: &str) -> String {
    let client = crate::support::client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(address).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
    let back = answer.headers()["location"].to_str().unwrap();
    back.strip_prefix(PUBLIC).unwrap().to_owned()
}

/// Goes to the provider, signs in there, and stands before the way back.
pub async fn gone(app: &TestApp) -> Way {
    let answer = visit(app, "/api/auth/oidc/start", None).await;
    let cookie = cookie_of(&answer, "__Host-pp_oidc").unwrap();
    Way { cookie, back: at_provider(&location(&answer)).await }
}

pub async fn come(app: &TestApp, way: &Way) -> Answer {
    visit(app, &way.back, Some(&way.cookie)).await
}

/// A whole sign-in: the word that the page is told.
pub async fn word(app: &TestApp) -> String {
    let answer = come(app, &gone(app).await).await;
    let word = location(&answer).strip_prefix("/login#sso=").unwrap().to_owned();
    assert_eq!(cookie_of(&answer, "pp_refresh").is_some(), word == "done", "{answer:?}");
    word
}

/// A whole sign-in that lets somebody in: what the session is told.
pub async fn signed_in(app: &TestApp) -> Value {
    let answer = come(app, &gone(app).await).await;
    assert_eq!(location(&answer), "/login#sso=done");
    session(app, &answer).await
}

async fn session(app: &TestApp, answer: &Answer) -> Value {
    let cookie = cookie_of(answer, "pp_refresh").unwrap();
    let request = Request::post("/api/auth/refresh").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let refreshed = app.send(request).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    refreshed.json()
}

pub async fn told(shop: &Shop, kind: &str) -> Vec<events::Event> {
    let all = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    all.into_iter().filter(|event| event.kind == kind).collect()
}

pub async fn denied(app: &TestApp, kind: &str) -> usize {
    app.app.auth.denials().flush().await.unwrap();
    let all = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    all.iter().filter(|event| event.kind == kind).count()
}

#[tokio::test]
async fn somebody_of_the_e_mail_comes_in_and_is_bound() {
    let (app, provider, shop, other) = world().await;
    let shown = visit(&app, "/api/auth/oidc", None).await.json();
    assert_eq!(shown, json!({ "enabled": true, "name": "Juniper ID" }));
    assert_eq!(provider.asked(), (0, 0), "nobody is asked before somebody signs in");

    provider.claim("email", json!("Analyst@Juniper-Oak.Example"));
    let started = visit(&app, "/api/auth/oidc/start", None).await;
    let line = started.headers[header::SET_COOKIE].to_str().unwrap();
    let marks = ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"];
    assert!(line.starts_with("__Host-pp_oidc=") && marks.iter().all(|mark| line.contains(mark)), "{line}");
    let address = location(&started);
    for part in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code", "scope=openid+email+profile"] {
        assert!(address.contains(part), "{address}");
    }
    assert!(!address.contains("secret"), "{address}");

    let answer = signed_in(&app).await;
    assert_eq!(answer["user"]["email"], ANALYST);
    assert_eq!(answer["tenant"]["id"], shop.tenant.id().to_string());
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(app.get("/api/brands", token).await.status, StatusCode::OK);
    signed_in(&app).await;

    assert_eq!(told(&shop, "oidc.bound").await.len(), 1, "bound once");
    let logins = told(&shop, "login").await;
    assert_eq!(logins.iter().filter(|event| event.data["with"] == "oidc").count(), 2, "{logins:?}");
    assert!(told(&other, "login").await.is_empty());
    assert_eq!(provider.asked(), (1, 2), "the document is kept");
    assert_eq!(app.login(ANALYST, PASSWORD).await.status, StatusCode::OK, "the password goes on");
}

#[tokio::test]
async fn a_closed_company_and_a_disabled_person_stay_out() {
    let (app, _, shop, _) = world().await;
    signed_in(&app).await;
    app.app.tenants.suspend(shop.tenant.id(), operator()).await.unwrap();
    assert_eq!(word(&app).await, "closed");
    app.app.tenants.resume(shop.tenant.id(), operator()).await.unwrap();
    let path = format!("/api/users/{}", shop.person(Role::Analyst).id);
    let owner = app.token(&shop, Role::Owner);
    let disable = app.ask(Method::PATCH, &path, Some(&owner), Some(json!({ "state": "disabled" }))).await;
    assert_eq!(disable.status, StatusCode::OK, "{disable:?}");
    assert_eq!(word(&app).await, "unknown");
}

#[tokio::test]
async fn the_code_is_asked_for_unless_the_provider_asked_for_a_second_factor() {
    let (app, provider, shop, _) = world().await;
    let (phone, _) = second_factor::enrolled(&app, &shop, Role::Analyst).await;
    for (claim, value) in
        [("amr", json!(["pwd"])), ("amr", json!(["otp"])), ("acr", json!("no-mfa")), ("acr", json!("0"))]
    {
        provider.claim(claim, value.clone());
        assert_eq!(word(&app).await, "code", "{claim} {value}");
        provider.claim(claim, json!(null));
    }
    let answer = come(&app, &gone(&app).await).await;
    let cookie = cookie_of(&answer, "__Host-pp_oidc").unwrap();
    let code = async |cookie: Option<&str>, code: &str| {
        let mut request = Request::post("/api/auth/oidc/code").header(header::CONTENT_TYPE, "application/json");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        app.send(request.body(Body::from(json!({ "totp": code }).to_string())).unwrap()).await
    };
    assert_eq!(code(None, &phone.code(1)).await.code(), "sign_in_expired");
    assert_eq!(code(Some("__Host-pp_oidc=guessed"), &phone.code(1)).await.code(), "sign_in_expired");
    assert_eq!(code(Some(&cookie), "000000").await.code(), "wrong_totp");
    let right = code(Some(&cookie), &phone.code(1)).await;
    assert_eq!(right.status, StatusCode::OK, "{right:?}");
    assert_eq!(right.json()["user"]["email"], ANALYST);
    assert_eq!(code(Some(&cookie), &phone.code(1)).await.code(), "sign_in_expired", "once");
    for (claim, value) in [("amr", json!(["pwd", "mfa"])), ("amr", json!(["pwd", "otp"])), ("acr", json!("phr"))] {
        provider.claim(claim, value.clone());
        assert_eq!(word(&app).await, "done", "{claim} {value}");
        provider.claim(claim, json!(null));
    }
    assert_eq!(denied(&app, "second_factor.failed").await, 1);
}

#[tokio::test]
async fn where_everybody_needs_a_second_factor_the_provider_s_counts() {
    let (app, provider, shop, other) = world().await;
    second_factor::enrolled(&app, &shop, Role::Owner).await;
    let body = json!({ "second_factor_required": true });
    let set = app.ask(Method::PUT, "/api/users/policy", Some(&app.token(&shop, Role::Owner)), Some(body)).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);

    let weak = signed_in(&app).await;
    assert_eq!(weak["user"]["permissions"], json!([]), "nothing but setting one up");
    let brands = |answer: Value| {
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let app = &app;
        async move { app.get("/api/brands", &token).await.status }
    };
    assert_eq!(brands(weak).await, StatusCode::FORBIDDEN);
    provider.claim("amr", json!(["mfa"]));
    let strong = signed_in(&app).await;
    assert_eq!(strong["user"]["permissions"], json!(["view", "ask", "act"]), "also after a refresh");
    let me = app.get("/api/auth/me", strong["access_token"].as_str().unwrap()).await.json();
    assert_eq!(me["second_factor"], json!({ "enrolled": false, "required": true, "passed": true }));
    assert_eq!(brands(strong).await, StatusCode::OK);
    assert_eq!(app.login(ANALYST, PASSWORD).await.json()["user"]["permissions"], json!([]), "the password alone: not");
    let elsewhere = app.login("analyst@northwind-demo.example", PASSWORD).await.json();
    assert_eq!(elsewhere["user"]["permissions"], json!(["view", "ask", "act"]), "{:?}", other.tenant);
}

async fn invited(app: &TestApp, shop: &Shop, email: &str, role: &str) -> String {
    let body = json!({ "email": email, "role": role });
    let owner = app.token(shop, Role::Owner);
    let made = app.ask(Method::POST, "/api/users/invitations", Some(&owner), Some(body)).await.json();
    made["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

/// Goes to the provider with an invitation; the word that the page is told.
async fn joined(app: &TestApp, invitation: &str) -> String {
    let path = "/api/auth/oidc/start";
    let started = app.ask(Method::POST, path, None, Some(json!({ "invitation": invitation }))).await;
    assert_eq!(started.status, StatusCode::OK, "{started:?}");
    let cookie = cookie_of(&started, "__Host-pp_oidc").unwrap();
    let way = Way { cookie, back: at_provider(started.json()["location"].as_str().unwrap()).await };
    location(&come(app, &way).await).strip_prefix("/login#sso=").unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_is_accepted_by_whoever_has_its_e_mail_there() {
    let (app, provider, shop, other) = world().await;
    let link = invited(&app, &shop, "Ada@Juniper-Oak.Example", "marketer").await;
    assert_eq!(joined(&app, &link).await, "unknown", "the provider vouches for another e-mail");
    provider.claim("email", json!("ada@juniper-oak.example"));
    provider.claim("name", json!("Ada Analyst"));
    assert_eq!(word(&app).await, "unknown", "an invitation lets in whoever holds it");
    provider.claim("email_verified", json!(false));
    assert_eq!(joined(&app, &link).await, "unknown");
    provider.claim("email_verified", json!(true));
    assert_eq!(joined(&app, "x").await, "unknown");
    assert_eq!(joined(&app, &link).await, "done");
    assert_eq!(joined(&app, &link).await, "unknown", "once");
    let answer = signed_in(&app).await;
    assert_eq!(answer["user"]["name"], "Ada Analyst");
    assert_eq!((&answer["user"]["role"], &answer["tenant"]["name"]), (&json!("marketer"), &json!("juniper-oak")));
    assert_eq!(told(&shop, "invitation.accepted").await.len(), 1);

    // A subject that is somebody already comes not in as a second person of the same company.
    let second = invited(&app, &shop, "eve@juniper-oak.example", "owner").await;
    provider.claim("email", json!("eve@juniper-oak.example"));
    assert_eq!(joined(&app, &second).await, "unknown");
    assert!(told(&other, "invitation.accepted").await.is_empty());
}

#[tokio::test]
async fn without_a_provider_there_is_nothing() {
    let app = TestApp::start().await;
    assert_eq!(visit(&app, "/api/auth/oidc", None).await.json(), json!({ "enabled": false, "name": null }));
    for path in ["/api/auth/oidc/start", "/api/auth/oidc/callback?state=x&code=y"] {
        assert_eq!(visit(&app, path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let public = PUBLIC.parse().unwrap();
    let of = |issuer: &str, client: &str, public: &http::PublicUrl| {
        let settings = Settings { issuer: issuer.to_owned(), client_id: client.to_owned(), ..Settings::default() };
        Oidc::new(&settings, Some(SECRET.into()), public).map(|oidc| oidc.is_some()).map_err(|error| error.to_string())
    };
    assert_eq!(of("", "", &http::PublicUrl::default()), Ok(false));
    assert_eq!(of("https://id.example", "x", &public), Ok(true));
    for (issuer, client, public, word) in [
        ("https://id.example", "x", &http::PublicUrl::default(), "public_url"),
        ("https://id.example", "", &public, "oidc.client_id"),
        ("http://id.example", "x", &public, "https://"),
        ("id.example", "x", &public, "oidc.issuer"),
    ] {
        let told = of(issuer, client, public).unwrap_err();
        assert!(told.contains(word) && !told.contains(SECRET), "{told}");
    }
}
