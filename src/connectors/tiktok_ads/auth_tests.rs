//! TikTok's sign-in.

use serde_json::json;

use super::*;

fn with(names: &[&str]) -> Credentials {
    names.iter().fold(Credentials::default(), |all, name| all.with(name, format!("{name}-text"), None))
}

#[test]
fn a_token_or_a_code_with_its_app() {
    let none = Map::new();
    let ids = json!({ "account_ids": "7000000000000000001" }).as_object().cloned().unwrap();
    for (settings, names, field) in [
        (&none, &[][..], Some("credentials.app_id")),
        (&none, &["app_id"], Some("credentials.app_secret")),
        (&none, &["app_id", "app_secret"], Some("credentials.auth_code")),
        (&none, &["access_token"], Some("settings.account_ids")),
        (&none, &["access_token", "app_id"], Some("credentials.app_secret")),
        (&none, &["app_id", "app_secret", "auth_code"], None),
        (&none, &["app_id", "app_secret", "access_token"], None),
        (&ids, &["access_token"], None),
    ] {
        let unfit = check(settings, &with(names)).err().map(|unfit| unfit.field);
        assert_eq!(unfit.as_deref(), field, "{names:?}");
    }
}

#[test]
fn a_code_is_exchanged_while_there_is_no_token() {
    assert_eq!(renewal(&with(&["app_id", "app_secret", "auth_code"])), Renewal::Due);
    assert_eq!(renewal(&with(&["access_token"])), Renewal::Fresh);
    assert_eq!(renewal(&with(&["access_token", "auth_code"])), Renewal::Fresh);
}
