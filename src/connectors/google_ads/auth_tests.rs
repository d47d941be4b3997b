//! Google's sign-in.

use serde_json::json;

use super::*;

fn with(names: &[&str]) -> Credentials {
    names.iter().fold(Credentials::default(), |all, name| all.with(name, format!("{name}-text"), None))
}

const ALL: [&str; 4] = ["client_id", "client_secret", "refresh_token", "developer_token"];

#[test]
fn everything_is_needed_and_the_manager_has_ten_digits() {
    for missing in ALL {
        let some: Vec<&str> = ALL.into_iter().filter(|name| *name != missing).collect();
        let unfit = check(&Map::new(), &with(&some)).unwrap_err();
        assert_eq!(unfit.field, format!("credentials.{missing}"));
    }
    let settings = |login: &str| json!({ "login_customer_id": login }).as_object().cloned().unwrap();
    let kept = check(&settings("123-456-7890"), &with(&ALL)).unwrap();
    assert_eq!(kept["login_customer_id"], "1234567890");
    assert!(check(&settings(""), &with(&ALL)).unwrap().is_empty());
    for wrong in ["123", "12345678901", "123-456-789x", "../../x"] {
        assert_eq!(check(&settings(wrong), &with(&ALL)).unwrap_err().field, "settings.login_customer_id");
    }
}

#[test]
fn an_access_token_is_renewed_before_it_ends() {
    let now = Timestamp::from_second(1_796_000_000).unwrap();
    let ends = |seconds| Some(now.checked_add(SignedDuration::from_secs(seconds)).unwrap());
    assert_eq!(renewal(&with(&ALL), now), Renewal::Due);
    assert_eq!(renewal(&with(&ALL).with("access_token", "a", ends(3_599)), now), Renewal::Fresh);
    assert_eq!(renewal(&with(&ALL).with("access_token", "a", ends(200)), now), Renewal::Due);
}

#[test]
fn what_the_maker_of_tokens_answers() {
    let now = Timestamp::from_second(1_796_000_000).unwrap();
    let good =
        json!({ "access_token": "ya29", "expires_in": 3599, "scope": SCOPE, "refresh_token_expires_in": 604_799 });
    let renewed_now = renewed(&with(&ALL), &good, now).unwrap();
    assert_eq!(renewed_now.get("access_token"), Some("ya29"));
    assert_eq!(renewed_now.get("refresh_token"), Some("refresh_token-text"));
    let seconds = |name: &str| renewed_now.expires_at(name).map(|at| at.as_second() - now.as_second());
    assert_eq!((seconds("access_token"), seconds("refresh_token")), (Some(3_599), Some(604_799)));
    let narrow = json!({ "access_token": "ya29", "expires_in": 3599, "scope": "email" });
    assert!(matches!(renewed(&with(&ALL), &narrow, now), Err(Trouble::Scope { .. })));
    let dead = json!({ "error": "invalid_grant", "error_description": "Token refresh_token-text has been expired" });
    let Err(Trouble::SignIn(reason)) = renewed(&with(&ALL), &dead, now) else { panic!("sign in anew") };
    assert!(reason.ends_with("Token … has been expired") && reason.contains("testing"), "{reason}");
    assert!(matches!(renewed(&with(&ALL), &json!({}), now), Err(Trouble::Later { .. })));
}
