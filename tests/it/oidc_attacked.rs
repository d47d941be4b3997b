//! Single sign-on attacked: tokens, states and codes that are not what they should be, e-mails that are somebody else's, and a provider
//! that is away or talks nonsense.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use serde_json::json;

use crate::oidc::{ANALYST, Way, app_at, come, denied, gone, location, signed_in, told, visit, word, world};
use crate::support::app::PASSWORD;
use crate::support::provider::{CLIENT, Provider, Signed};

#[tokio::test]
async fn nobody_comes_in_whom_the_provider_does_not_vouch_for() {
    let (app, provider, shop, _) = world().await;
    for (verified, email) in [
        (json!(false), json!("owner@northwind-demo.example")),
        (json!(null), json!("owner@northwind-demo.example")),
        (json!(true), json!(null)),
        (json!(true), json!("")),
        (json!(true), json!("not an e-mail")),
        (json!(true), json!("nobody@juniper-oak.example")),
        (json!(true), json!("analyst@juniper-oak.example.evil.example")),
    ] {
        provider.claim("email_verified", verified.clone());
        provider.claim("email", email.clone());
        assert_eq!(word(&app).await, "unknown", "{verified} {email}");
    }
    provider.claim("email", json!(ANALYST));
    provider.claim("email_verified", json!("true"));
    assert_eq!(word(&app).await, "refused", "a text is no yes");
    assert!(told(&shop, "oidc.bound").await.is_empty() && told(&shop, "login").await.is_empty());
    assert_eq!((denied(&app, "oidc.unverified").await, denied(&app, "oidc.stranger").await), (1, 1));
    let count = |conn: &rusqlite::Connection| Ok(conn.query_row("select count(*) from emails", [], |row| row.get(0))?);
    let people: i64 = app.app.tenants.control().read(count).await.unwrap();
    assert_eq!(people, 12, "nobody was made");
}

#[tokio::test]
async fn an_account_of_the_same_e_mail_made_later_is_refused_until_an_owner_lets_go() {
    let (app, provider, shop, other) = world().await;
    signed_in(&app).await;
    provider.claim("sub", json!("subject-2"));
    assert_eq!(word(&app).await, "unknown", "another subject with the same e-mail");
    assert_eq!(denied(&app, "oidc.other_subject").await, 1);
    // The other way round: a subject that is somebody takes another's e-mail.
    provider.claim("sub", json!("subject-1"));
    provider.claim("email", json!("owner@juniper-oak.example"));
    assert_eq!(word(&app).await, "unknown", "one subject is one person");
    provider.claim("email", json!(ANALYST));
    assert_eq!(word(&app).await, "done");

    let path = format!("/api/users/{}/oidc", shop.person(Role::Analyst).id);
    for (who, status) in [(Role::Admin, StatusCode::FORBIDDEN), (Role::Owner, StatusCode::NO_CONTENT)] {
        let answer = app.ask(Method::DELETE, &path, Some(&app.token(&shop, who)), None).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let again = app.ask(Method::DELETE, &path, Some(&app.token(&shop, Role::Owner)), None).await;
    assert_eq!(again.code(), "not_bound");
    let foreign = app.ask(Method::DELETE, &path, Some(&app.token(&other, Role::Owner)), None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    provider.claim("sub", json!("subject-2"));
    assert_eq!(word(&app).await, "done");
    provider.claim("sub", json!("subject-1"));
    assert_eq!(word(&app).await, "unknown", "the old one is nobody now");
    assert_eq!((told(&shop, "oidc.bound").await.len(), told(&shop, "oidc.unbound").await.len()), (2, 1));
}

#[tokio::test]
async fn a_token_that_is_not_ours_lets_nobody_in() {
    let (app, provider, shop, _) = world().await;
    let right = provider.script();
    let past = app.app.clock.system_time().as_second() - 1;
    for (claim, value) in [
        ("nonce", json!("of another sign-in")),
        ("nonce", json!(null)),
        ("iss", json!("http://127.0.0.1:1")),
        ("iss", json!(format!("{}/", provider.url))),
        ("aud", json!("another client")),
        ("aud", json!([CLIENT, "another client"])),
        ("aud", json!([])),
        ("azp", json!("another client")),
        ("exp", json!(past)),
        ("exp", json!(null)),
        ("exp", json!("never")),
        ("sub", json!("")),
        ("sub", json!(null)),
        ("sub", json!("x".repeat(256))),
    ] {
        provider.claim(claim, value.clone());
        assert_eq!(word(&app).await, "refused", "{claim} {value}");
        provider.set(|script| *script = right.clone());
    }
    for signed in [Signed::OtherKey, Signed::Not, Signed::WithPublicKey, Signed::WithSecret] {
        provider.set(|script| script.signed = signed);
        assert_eq!(word(&app).await, "refused", "{signed:?}");
    }
    assert!(told(&shop, "login").await.is_empty());
    assert!(denied(&app, "oidc.failed").await > 0);
    provider.set(|script| script.signed = Signed::Right);
    let wait = word(&app).await;
    assert!(wait == "done", "after eighteen wrong ones a right one still comes in: {wait}");
}

#[tokio::test]
async fn a_state_is_good_once_and_for_its_browser() {
    let (app, provider, _, _) = world().await;
    let (one, another) = (gone(&app).await, gone(&app).await);
    let foreign = Way { cookie: another.cookie.clone(), back: one.back.clone() };
    assert_eq!(location(&come(&app, &foreign).await), "/login#sso=expired", "another browser's state");
    assert_eq!(location(&come(&app, &one).await), "/login#sso=expired", "it was used up by that");
    assert_eq!(provider.asked().1, 0, "the provider was not asked for a token");
    assert_eq!(location(&come(&app, &another).await), "/login#sso=done");
    assert_eq!(location(&come(&app, &another).await), "/login#sso=expired", "a second time");

    let way = gone(&app).await;
    let state = way.back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let doubled = format!("{}; {}", way.cookie, way.cookie);
    for (path, cookie) in [
        (way.back.clone(), None),
        (way.back.replace(state, "x"), Some(way.cookie.as_str())),
        (format!("{}&state={state}", way.back), Some(way.cookie.as_str())),
        (format!("{}&code=x", way.back), Some(way.cookie.as_str())),
        ("/api/auth/oidc/callback".to_owned(), Some(way.cookie.as_str())),
        (format!("/api/auth/oidc/callback?error=access_denied&state={state}x"), Some(way.cookie.as_str())),
        ("/api/auth/oidc/callback?%00=%ff&state=%ff&code=".to_owned(), Some(doubled.as_str())),
    ] {
        assert_eq!(location(&visit(&app, &path, cookie).await), "/login#sso=expired", "{path}");
    }
    // The first of these took the state with it, for it came without the cookie.
    assert_eq!(location(&come(&app, &way).await), "/login#sso=expired");
    let way = gone(&app).await;
    let mixed = Way { back: format!("{}&iss=https%3A%2F%2Fother.example", way.back), ..way };
    assert_eq!(location(&come(&app, &mixed).await), "/login#sso=expired", "another provider's answer");
    let way = gone(&app).await;
    let own: String = form_urlencoded::byte_serialize(provider.url.as_bytes()).collect();
    let named = Way { back: format!("{}&iss={own}", way.back), ..way };
    assert_eq!(location(&come(&app, &named).await), "/login#sso=done");
}

#[tokio::test]
async fn a_code_is_good_for_the_sign_in_it_was_made_for() {
    let (app, _, _, _) = world().await;
    let (one, another) = (gone(&app).await, gone(&app).await);
    let part = |way: &Way, name: &str| {
        let rest = way.back.split(&format!("{name}=")).nth(1).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    // An attacker's code in the victim's sign-in: PKCE tells them apart.
    let (theirs, mine) = (part(&one, "code"), part(&another, "code"));
    let injected = Way { back: another.back.replace(&mine, &theirs), ..another };
    assert_eq!(location(&come(&app, &injected).await), "/login#sso=refused");
    assert_eq!(location(&come(&app, &one).await), "/login#sso=refused", "the code was spent");
    let third = gone(&app).await;
    let wrong = Way { back: third.back.replace(&part(&third, "code"), "guessed"), ..third };
    assert_eq!(location(&come(&app, &wrong).await), "/login#sso=refused");
}

#[tokio::test]
async fn a_provider_that_is_away_or_talks_nonsense_is_told_and_asked_again() {
    let (app, provider, _, _) = world().await;
    let url = provider.url.clone();
    for discovery in [
        Some((500, "down".to_owned())),
        Some((200, "<html>".to_owned())),
        Some((200, "{}".to_owned())),
        Some((200, "[".repeat(100_000))),
        Some((200, "x".repeat(3 << 20))),
        Some((302, String::new())),
    ] {
        provider.set(|script| script.discovery = discovery.clone());
        let answer = visit(&app, "/api/auth/oidc/start", None).await;
        assert_eq!(location(&answer), "/login#sso=down");
    }
    provider.set(|script| script.discovery = None);
    for metadata in [
        json!({ "issuer": "https://other.example" }),
        json!({ "jwks_uri": "http://169.254.169.254/latest" }),
        json!({ "jwks_uri": "file:///etc/passwd" }),
        json!({ "authorization_endpoint": "http://other.example/authorize" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "jwks_uri": format!("{url}/nowhere") }),
    ] {
        provider.set(|script| script.metadata = metadata.clone());
        let answer = visit(&app, "/api/auth/oidc/start", None).await;
        assert_eq!(location(&answer), "/login#sso=down", "{metadata}");
    }
    provider.set(|script| script.metadata = json!({}));
    for token in [
        (500, "down".to_owned()),
        (200, "<html>".to_owned()),
        (200, "{}".to_owned()),
        (200, json!({ "access_token": "x", "token_type": "Bearer" }).to_string()),
        (200, json!({ "access_token": "x", "token_type": "Bearer", "id_token": "x.y.z" }).to_string()),
        (400, json!({ "error": "invalid_grant" }).to_string()),
    ] {
        provider.set(|script| script.token = Some(token.clone()));
        assert_eq!(word(&app).await, "refused", "{token:?}");
    }
    provider.set(|script| script.token = None);
    assert_eq!(word(&app).await, "done");
}

#[tokio::test]
async fn a_provider_that_is_not_there_at_all_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut provider = Provider::of(ANALYST).await;
    provider.url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let app = app_at(&provider).await;
    app.shop("juniper-oak").await;
    assert_eq!(location(&visit(&app, "/api/auth/oidc/start", None).await), "/login#sso=down");
    assert_eq!(app.login(ANALYST, PASSWORD).await.status, StatusCode::OK, "the password goes on");
}

#[tokio::test]
async fn a_key_that_is_not_known_does_not_have_the_provider_asked_over_and_over() {
    let (app, provider, _, _) = world().await;
    signed_in(&app).await;
    provider.set(|script| script.key = 1);
    // A key that is not known has the list fetched anew, at most once a minute: a forger cannot make us hammer the provider.
    let before = provider.asked().0;
    for _ in 0..3 {
        assert_eq!(word(&app).await, "refused");
    }
    assert_eq!(provider.asked().0, before);
}
