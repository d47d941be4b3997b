//! Meta's sign-in.

use jiff::Timestamp;
use serde_json::json;

use super::*;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn a_token_is_needed_and_ids_lose_their_prefix() {
    let none = check(&Map::new(), &Credentials::default()).unwrap_err();
    assert_eq!(none.field, "credentials.access_token");
    let broken = Credentials::default().with("access_token", "EAA B", None);
    assert_eq!(check(&Map::new(), &broken).unwrap_err().field, "credentials.access_token");
    let good = Credentials::default().with("access_token", "EAAB", None);
    let kept = check(&map(json!({ "account_ids": ["act_12", "7", "act_12"] })), &good).unwrap();
    assert_eq!(Value::from(kept), json!({ "account_ids": ["12", "7"] }));
    for (settings, field) in [
        (json!({ "account_ids": ["../me"] }), "settings.account_ids"),
        (json!({ "account_ids": 1.5 }), "settings.account_ids"),
        (json!({ "api_version": "v25.0/../me" }), "settings.api_version"),
        (json!({ "api_version": 25 }), "settings.api_version"),
    ] {
        assert_eq!(check(&map(settings), &good).unwrap_err().field, field);
    }
}

#[test]
fn the_proof_is_the_keyed_hash_of_the_token() {
    // RFC 4231, case 2.
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(proof("Jefe", "what do ya want for nothing?"), expected);
}

#[test]
fn what_is_said_of_a_token() {
    let plain = |words: &str| words.to_owned();
    let data = json!({ "is_valid": true, "expires_at": 0, "data_access_expires_at": 0, "scopes": ["ads_read"] });
    let token = Token::read(&data, plain).unwrap();
    assert_eq!((token.scopes, token.expires_at), (vec!["ads_read".to_owned()], None));
    let data = json!({ "is_valid": true, "expires_at": 1_800_000_000, "data_access_expires_at": 1_790_000_000 });
    let ends = Timestamp::from_second(1_790_000_000).unwrap();
    assert_eq!(Token::read(&data, plain).unwrap().expires_at, Some(ends));
    let data = json!({ "is_valid": false, "error": { "code": 190, "subcode": 463, "message": "Session has expired" } });
    let Err(Trouble::SignIn(reason)) = Token::read(&data, plain) else { panic!("it is not good") };
    assert!(reason.ends_with("Session has expired"), "{reason}");
    let now = Timestamp::from_second(1_790_000_000 - 86_400 * 10 - 5).unwrap();
    assert!(ending(ends, now).contains("in 10 days"));
}
