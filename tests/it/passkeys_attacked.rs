//! Passkeys attacked: answers that are not for here, not for now, not of that person, and devices that were copied.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pulsepoint::auth::Role;
use pulsepoint::events;
use serde_json::{Value, json};

use crate::passkeys::{ORIGIN, added, asked, challenged, confirm, show, sign_in, world};
use crate::support::device::Device;

#[tokio::test]
async fn what_a_device_gives_has_to_fit_its_asking() {
    let (app, shop, _) = world().await;
    let token = app.token(&shop, Role::Analyst);
    let owner = app.token(&shop, Role::Owner);
    let device = || Device::at(ORIGIN);
    for (what, mut device) in [
        ("another origin", Device::at("https://figures.example.com.evil.example")),
        ("plain http", Device::at("http://figures.example.com")),
        ("another port", Device::at("https://figures.example.com:8443")),
        ("a page below", Device::at("https://evil.figures.example.com")),
        ("another site", Device { site: Some("juniper-oak.example".to_owned()), ..device() }),
        ("nobody verified", Device { verifies: false, ..device() }),
    ] {
        let asked = asked(&app, &token).await;
        let credential = device.create(&asked["options"]);
        assert_eq!(confirm(&app, &token, &asked["ceremony"], credential).await.code(), "passkey_refused", "{what}");
    }
    let (first, second) = (asked(&app, &token).await, asked(&app, &token).await);
    let given = device().create(&first["options"]);
    assert_eq!(confirm(&app, &token, &second["ceremony"], given.clone()).await.code(), "passkey_refused", "crossed");
    assert_eq!(confirm(&app, &owner, &first["ceremony"], given.clone()).await.code(), "not_begun", "another person's");
    assert_eq!(confirm(&app, &token, &first["ceremony"], given).await.code(), "not_begun", "used up by that");
    let third = asked(&app, &token).await;
    let given = device().create(&third["options"]);
    assert_eq!(confirm(&app, &token, &third["ceremony"], given.clone()).await.status, StatusCode::CREATED);
    assert_eq!(confirm(&app, &token, &third["ceremony"], given.clone()).await.code(), "not_begun", "once");
    assert_eq!(confirm(&app, &token, &json!("guessed"), given).await.code(), "not_begun");
    for nonsense in [json!(null), json!({}), json!([]), json!({ "id": "x", "rawId": "!", "type": "x", "response": {} })]
    {
        let fourth = asked(&app, &token).await;
        assert_eq!(confirm(&app, &token, &fourth["ceremony"], nonsense).await.field().as_deref(), Some("credential"));
    }
}

#[tokio::test]
async fn one_device_s_key_is_one_person_s() {
    let (app, shop, other) = world().await;
    let (mine, theirs) = (app.token(&shop, Role::Analyst), app.token(&shop, Role::Owner));
    let mut device = Device::at(ORIGIN);
    added(&app, &mine, &mut device).await;
    // The same key again, under another person: what a page that knows the key's id could try.
    let asked_theirs = asked(&app, &theirs).await;
    let mut copy = device.clone();
    let mut credential = copy.create(&asked_theirs["options"]);
    let (old, new) = (device.keys[0].id.clone(), copy.keys[1].id.clone());
    credential = with_id(&credential, &new, &old);
    let answer = confirm(&app, &theirs, &asked_theirs["ceremony"], credential).await;
    assert_eq!(answer.code(), "passkey_taken");

    // The handle of another person, of another company, of nobody: the key is looked for there alone.
    let mut elsewhere = Device::at(ORIGIN);
    added(&app, &app.token(&other, Role::Owner), &mut elsewhere).await;
    let foreign = elsewhere.keys[0].handle.clone();
    let mut colleague = device.keys[0].handle.clone();
    let owner: uuid::Uuid = shop.person(Role::Owner).id.parse().unwrap();
    colleague[16..].copy_from_slice(owner.as_bytes());
    for handle in [foreign, colleague, vec![0; 32], vec![0; 16], Vec::new(), vec![7; 64]] {
        let mut device = device.clone();
        device.keys[0].handle = handle;
        assert_eq!(sign_in(&app, &mut device).await.code(), "wrong_passkey");
    }
    assert_eq!(sign_in(&app, &mut elsewhere).await.json()["tenant"]["id"], other.tenant.id().to_string());
    assert_eq!(sign_in(&app, &mut device).await.json()["tenant"]["id"], shop.tenant.id().to_string());
}

#[tokio::test]
async fn an_answer_is_good_once_here_and_from_a_verified_person() {
    let (app, shop, _) = world().await;
    let mut device = Device::at(ORIGIN);
    added(&app, &app.token(&shop, Role::Analyst), &mut device).await;

    let asked = challenged(&app).await;
    let credential = device.get(&asked["options"]);
    assert_eq!(show(&app, &asked["ceremony"], &credential).await.status, StatusCode::OK);
    assert_eq!(show(&app, &asked["ceremony"], &credential).await.code(), "wrong_passkey", "replayed");
    let other = challenged(&app).await;
    assert_eq!(show(&app, &other["ceremony"], &credential).await.code(), "wrong_passkey", "another challenge's");
    assert_eq!(show(&app, &json!("guessed"), &credential).await.code(), "wrong_passkey");

    for (what, origin, site, verifies) in [
        ("another origin", "https://evil.example", None, true),
        ("another site", ORIGIN, Some("evil.example"), true),
        ("nobody verified", ORIGIN, None, false),
    ] {
        let mut wrong = Device { origin: origin.to_owned(), site: site.map(str::to_owned), verifies, ..device.clone() };
        assert_eq!(sign_in(&app, &mut wrong).await.code(), "wrong_passkey", "{what}");
    }
    let asked = challenged(&app).await;
    let mut forged = device.get(&asked["options"]);
    let mut signature = BASE64_URL_SAFE_NO_PAD.decode(forged["response"]["signature"].as_str().unwrap()).unwrap();
    *signature.last_mut().unwrap() ^= 1;
    forged["response"]["signature"] = json!(BASE64_URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(show(&app, &asked["ceremony"], &forged).await.code(), "wrong_passkey", "another signature");
    assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_copied_device_is_found_by_its_counter() {
    let (app, shop, _) = world().await;
    let token = app.token(&shop, Role::Analyst);
    let mut device = Device::at(ORIGIN);
    added(&app, &token, &mut device).await;
    let mut copy = device.clone();
    assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
    assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
    assert_eq!(sign_in(&app, &mut copy).await.code(), "wrong_passkey", "it counts from further back");
    assert_eq!(sign_in(&app, &mut copy).await.code(), "wrong_passkey", "the same count is no more");
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    let refused: Vec<_> = denied.iter().filter(|event| event.kind == "passkey.failed").collect();
    assert_eq!(refused[0].subject.as_deref(), Some(shop.person(Role::Analyst).id.as_str()), "{denied:?}");

    // Devices that do not count, as those of phones: always 0.
    let mut phone = Device { step: 0, ..Device::at(ORIGIN) };
    added(&app, &token, &mut phone).await;
    for _ in 0..3 {
        assert_eq!(sign_in(&app, &mut phone).await.status, StatusCode::OK);
    }
}

/// The same answer with another key's id in it, in both places.
fn with_id(credential: &Value, from: &[u8], to: &[u8]) -> Value {
    let mut object =
        BASE64_URL_SAFE_NO_PAD.decode(credential["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let at = object.windows(from.len()).position(|part| part == from).unwrap();
    object[at..at + to.len()].copy_from_slice(to);
    let mut credential = credential.clone();
    credential["response"]["attestationObject"] = json!(BASE64_URL_SAFE_NO_PAD.encode(object));
    (credential["id"], credential["rawId"]) =
        (json!(BASE64_URL_SAFE_NO_PAD.encode(to)), json!(BASE64_URL_SAFE_NO_PAD.encode(to)));
    credential
}
