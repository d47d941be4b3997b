//! What an attacker sends over HTTP beyond what other files try: one credential in the place of another,
//! headers that claim to be somebody else, other sites' requests.

use std::io::Write;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use pulsepoint::auth::{Permission, Role};
use pulsepoint::http::{Peer, PerMinute, Settings};
use serde_json::json;

use crate::access::{invitation, key};
use crate::support::app::{PASSWORD, TestApp, request};

#[tokio::test]
async fn one_credential_is_no_other() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let jwt = app.token(&shop, Role::Owner);
    let made = key(&app, &shop, &Permission::ALL, &json!({})).await["key"].as_str().unwrap().to_owned();
    let link = invitation(&app, &shop).await.1;
    let cookie = app.login("owner@juniper-oak.example", PASSWORD).await.cookie();
    let refresh = cookie.split_once('=').unwrap().1.to_owned();
    let id = shop.tenant.id().to_string();
    for (name, value) in [("link", &link), ("refresh", &refresh), ("tenant", &id), ("password", &PASSWORD.to_owned())] {
        assert_eq!(app.get("/api/auth/me", value).await.status, StatusCode::UNAUTHORIZED, "{name} as a token");
        let mut asked = request(Method::GET, "/api/auth/me", None, None);
        let basic = HeaderValue::try_from(format!("Basic {value}")).unwrap();
        asked.headers_mut().insert(header::AUTHORIZATION, basic);
        assert_eq!(app.send(asked).await.status, StatusCode::UNAUTHORIZED, "{name} as Basic");
    }
    for (name, value) in [("jwt", &jwt), ("key", &made), ("link", &link)] {
        for path in ["/api/auth/refresh", "/api/auth/me"] {
            let method = if path.ends_with("me") { Method::GET } else { Method::POST };
            let mut asked = request(method, path, None, None);
            let value = HeaderValue::try_from(format!("pp_refresh={value}")).unwrap();
            asked.headers_mut().insert(header::COOKIE, value);
            assert_eq!(app.send(asked).await.status, StatusCode::UNAUTHORIZED, "{name} as a cookie of {path}");
        }
    }
    let mut asked = request(Method::GET, "/api/auth/me", None, None);
    asked.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    assert_eq!(app.send(asked).await.status, StatusCode::UNAUTHORIZED, "the cookie is good for a refresh alone");
    for (name, value) in [("jwt", &jwt), ("key", &made), ("refresh", &refresh)] {
        let body = json!({ "token": value, "name": "New", "password": PASSWORD });
        let opened = app.ask(Method::POST, "/api/auth/links/accept", None, Some(body)).await;
        assert_eq!(opened.status, StatusCode::NOT_FOUND, "{name} as a link");
        let body = json!({ "email": "owner@juniper-oak.example", "password": value });
        let signed_in = app.ask(Method::POST, "/api/auth/login", None, Some(body)).await;
        assert_eq!(signed_in.status, StatusCode::UNAUTHORIZED, "{name} as a password");
    }
}

#[tokio::test]
async fn no_header_makes_a_stranger_somebody_else() {
    let settings = Settings {
        // One a minute, so that a slow machine is not given another meanwhile.
        rate_limit_per_minute: PerMinute::Of(1),
        trusted_proxies: vec!["10.0.0.0/8".into()],
        ..Settings::default()
    };
    let app = TestApp::with(settings).await;
    let send = async |peer: &str, headers: &[(&'static str, String)]| {
        let mut asked = request(Method::GET, "/api/setup", None, None);
        asked.extensions_mut().insert(Peer(peer.parse().unwrap()));
        for (name, value) in headers {
            asked.headers_mut().append(HeaderName::from_static(name), value.parse().unwrap());
        }
        app.send(asked).await.status
    };
    assert_eq!(send("203.0.113.7:1", &[]).await, StatusCode::OK);
    let names = [
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "fastly-client-ip",
        "x-originating-ip",
        "x-remote-addr",
        "client-ip",
        "via",
        "x-host",
    ];
    for (n, name) in names.into_iter().enumerate() {
        let ip = format!("198.51.100.{n}");
        let value = if name == "forwarded" { format!("for={ip};proto=https;by={ip}") } else { ip.clone() };
        assert_eq!(send("203.0.113.7:1", &[(name, value.clone())]).await, StatusCode::TOO_MANY_REQUESTS, "{name}");
        let twice = [(name, value), (name, "10.0.0.1".to_owned())];
        assert_eq!(send("203.0.113.7:1", &twice).await, StatusCode::TOO_MANY_REQUESTS, "{name} twice");
    }
    // Behind the proxy the client is what the proxy appended, whatever stood there before and in other headers.
    let appended = |before: &str| ("x-forwarded-for", format!("{before}, 198.51.100.77"));
    assert_eq!(send("10.0.0.1:1", &[appended("1.1.1.1")]).await, StatusCode::OK);
    for before in ["1.1.1.2", "127.0.0.1", "10.0.0.9", "::1", "unknown", "", "1.1.1.3, 1.1.1.4"] {
        assert_eq!(send("10.0.0.1:1", &[appended(before)]).await, StatusCode::TOO_MANY_REQUESTS, "{before}");
    }
    let both = [appended("1.1.1.5"), ("forwarded", "for=1.1.1.6".into()), ("x-real-ip", "1.1.1.7".into())];
    assert_eq!(send("10.0.0.1:1", &both).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn other_sites_cannot_use_the_cookie() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let cookie = app.login("owner@juniper-oak.example", PASSWORD).await.cookie();
    let send = async |path: &str, site: &str, cookie: &str| {
        let mut asked = request(Method::POST, path, None, None);
        asked.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        asked.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        app.send(asked).await
    };
    for path in ["/api/auth/refresh", "/api/auth/logout"] {
        for site in ["cross-site", "same-site", "x", "", "Same-Origin"] {
            let answer = send(path, site, &cookie).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} from {site:?}: {answer:?}");
            assert!(!answer.headers.contains_key(header::SET_COOKIE), "{path} from {site:?}");
        }
    }
    let refreshed = send("/api/auth/refresh", "same-origin", &cookie).await;
    assert_eq!(refreshed.status, StatusCode::OK, "what was refused has not used the cookie up");
    // What a form of another site can send without being asked is no request of ours.
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
        let body = json!({ "email": "owner@juniper-oak.example", "password": PASSWORD }).to_string();
        let asked = Request::post("/api/auth/login").header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        assert_eq!(app.send(asked).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
}

#[tokio::test]
async fn a_cookie_is_new_at_each_sign_in_and_gone_after_a_sign_out() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let planted = app.login("viewer@juniper-oak.example", PASSWORD).await.cookie();
    let body = json!({ "email": "owner@juniper-oak.example", "password": PASSWORD });
    let mut asked = request(Method::POST, "/api/auth/login", None, Some(body));
    // A session that somebody else put into the browser is not taken over.
    asked.headers_mut().insert(header::COOKIE, planted.parse().unwrap());
    let answer = app.send(asked).await;
    let own = answer.cookie();
    assert_ne!(own, planted);
    let mut out = request(Method::POST, "/api/auth/logout", None, None);
    out.headers_mut().insert(header::COOKIE, own.parse().unwrap());
    let out = app.send(out).await;
    let cleared = out.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cleared.starts_with("pp_refresh=;") && cleared.contains("Max-Age=0"), "{cleared}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/auth"] {
        assert!(cleared.contains(part), "{cleared}");
    }
    assert_eq!(out.headers["clear-site-data"], "\"cache\"");
    let mut again = request(Method::POST, "/api/auth/refresh", None, None);
    again.headers_mut().insert(header::COOKIE, own.parse().unwrap());
    assert_eq!(app.send(again).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn there_is_nobody_before_the_set_up() {
    let app = TestApp::start().await;
    for email in [
        "admin",
        "admin@localhost",
        "admin@example.com",
        "root@localhost",
        "owner@juniper-oak.example",
        "demo@demo.example",
    ] {
        for password in ["admin", "password", "pulsepoint", PASSWORD, "changeme", ""] {
            let answer = app.login(email, password).await;
            assert!([401, 422, 429].contains(&answer.status.as_u16()), "{email} {password}: {answer:?}");
        }
    }
    let state = app.ask(Method::GET, "/api/setup", None, None).await.json();
    assert_eq!(state, json!({ "needed": true }), "and it tells no token");
    for token in ["", " ", "setup", "000000", "null"] {
        let body =
            json!({ "token": token, "tenant_name": "x", "email": "x@x.example", "name": "x", "password": PASSWORD });
        let answer = app.ask(Method::POST, "/api/setup", None, Some(body)).await;
        assert!([401, 429].contains(&answer.status.as_u16()), "{token:?}: {answer:?}");
    }
}

/// JSON of every shape that is right, as RFC 8259 has it.
#[tokio::test]
async fn what_is_json_is_read_as_json() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let post = async |body: Vec<u8>, encoding: Option<&'static str>| {
        let mut asked = request(Method::PATCH, "/api/brands/juniper-oak", Some(&owner), None);
        asked.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(encoding) = encoding {
            asked.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        *asked.body_mut() = Body::from(body);
        app.send(asked).await
    };
    for (text, read) in [
        (r#""plain""#, "plain"),
        (r#""\u0061\u30af\u30ea\u30b9""#, "aクリス"),
        (r#""\uD834\uDD1E x""#, "\u{1d11e} x"),
        (r#""a\/b""#, "a/b"),
        (r#""\\a""#, "\\a"),
        (r#""\"x\"""#, "\"x\""),
        ("\"\u{10ffff}x\"", "\u{10ffff}x"),
        ("\"\u{7ff}€𝄞\"", "\u{7ff}€𝄞"),
        (r#""\u0022\u005c""#, "\"\\"),
        (r#""null""#, "null"),
        (r#""\uDBFF\uDFFEx""#, "\u{10fffe}x"),
    ] {
        for body in [
            format!("{{\"name\":{text}}}"),
            format!("\t\r\n {{ \"name\" \n:\t{text} }} \n"),
            format!("{{\"\\u006eame\":{text}}}"),
        ] {
            let answer = post(body.clone().into_bytes(), None).await;
            assert_eq!((answer.status, &answer.json()["name"]), (StatusCode::OK, &json!(read)), "{body}");
        }
    }
    // Nothing is unpacked, so nothing can be a bomb.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(br#"{"name":"packed"}"#).unwrap();
    let packed = packed.finish().unwrap();
    for encoding in [None, Some("gzip"), Some("identity, gzip")] {
        let answer = post(packed.clone(), encoding).await;
        assert!([400, 415].contains(&answer.status.as_u16()), "{encoding:?}: {answer:?}");
    }
}
