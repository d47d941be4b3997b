//! Google's failures, every one of the table.

use serde_json::json;

use super::*;

fn failure(family: &str, value: &str, details: Value) -> Value {
    json!({ "code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT", "details": [{
        "@type": "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure",
        "errors": [{ "errorCode": { family: value }, "message": "Words.", "details": details }], "requestId": "R1",
    }] })
}

fn kind(halt: &Halt) -> &'static str {
    match halt {
        Halt::Rest { .. } => "rest",
        Halt::LeaveOut(_) => "out",
        Halt::All(Trouble::Later { throttled: true, .. }) => "later",
        Halt::All(Trouble::Later { .. }) => "busy",
        Halt::All(Trouble::Expired(_)) => "expired",
        Halt::All(Trouble::SignIn(_)) => "signin",
        Halt::All(Trouble::Scope { .. }) => "scope",
        Halt::All(Trouble::Refused(_)) => "refused",
        Halt::All(other) => panic!("{other:?}"),
    }
}

fn of(error: &Value) -> Halt {
    halt(error, StatusCode::OK, &Credentials::default())
}

#[test]
fn every_family_of_the_table() {
    for (family, value, expected) in [
        ("internalError", "INTERNAL_ERROR", "busy"),
        ("internalError", "TRANSIENT_ERROR", "busy"),
        ("internalError", "DEADLINE_EXCEEDED", "busy"),
        ("databaseError", "CONCURRENT_MODIFICATION", "busy"),
        ("authenticationError", "OAUTH_TOKEN_EXPIRED", "expired"),
        ("authenticationError", "OAUTH_TOKEN_REVOKED", "signin"),
        ("authenticationError", "DEVELOPER_TOKEN_INVALID", "signin"),
        ("authenticationError", "TWO_STEP_VERIFICATION_NOT_ENROLLED", "signin"),
        ("authenticationError", "CUSTOMER_NOT_FOUND", "out"),
        ("authorizationError", "USER_PERMISSION_DENIED", "out"),
        ("authorizationError", "CUSTOMER_NOT_ENABLED", "out"),
        ("authorizationError", "DEVELOPER_TOKEN_NOT_APPROVED", "refused"),
        ("queryError", "REQUESTED_METRICS_FOR_MANAGER", "out"),
        ("queryError", "UNRECOGNIZED_FIELD", "refused"),
        ("requestError", "UNSUPPORTED_VERSION", "refused"),
        ("quotaError", "RESOURCE_EXHAUSTED", "later"),
        ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", "later"),
    ] {
        assert_eq!(kind(&of(&failure(family, value, Value::Null))), expected, "{family}.{value}");
    }
}

#[test]
fn a_limit_is_the_developer_s_or_the_account_s_and_says_for_how_long() {
    let quota = |scope: &str| {
        let details = json!({ "quotaErrorDetails": { "rateScope": scope, "rateName": "N", "retryDelay": "40591s" } });
        of(&failure("quotaError", "RESOURCE_EXHAUSTED", details))
    };
    let hours = Duration::from_secs(40_591);
    assert!(
        matches!(quota("DEVELOPER"), Halt::All(Trouble::Later { after: Some(after), throttled: true, .. }) if after == hours)
    );
    assert!(matches!(quota("ACCOUNT"), Halt::Rest { after, .. } if after == hours));
    let heavy = failure("quotaError", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", Value::Null);
    assert!(matches!(of(&heavy), Halt::All(Trouble::Later { after: Some(MINUTES), .. })));
    let bare =
        json!({ "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": [{ "retryDelay": "1.5s" }] });
    let short = Duration::from_millis(1_500);
    assert!(matches!(of(&bare), Halt::All(Trouble::Later { after: Some(after), .. }) if after == short));
}

#[test]
fn where_no_failure_is_named_the_status_counts() {
    let bare = |status: &str, reason: &str| {
        of(&json!({ "code": 1, "status": status, "message": "m", "details": [{ "reason": reason }] }))
    };
    assert_eq!(kind(&bare("UNAUTHENTICATED", "")), "expired");
    assert_eq!(kind(&bare("PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")), "scope");
    assert_eq!(kind(&bare("PERMISSION_DENIED", "SERVICE_DISABLED")), "refused");
    assert_eq!(kind(&bare("UNAVAILABLE", "")), "busy");
    assert_eq!(kind(&bare("INVALID_ARGUMENT", "")), "refused");
    let unnamed = halt(&json!({}), StatusCode::BAD_GATEWAY, &Credentials::default());
    assert_eq!(kind(&unnamed), "busy");
}

#[test]
fn the_sentence_names_value_and_request() {
    let Halt::All(trouble) = of(&failure("requestError", "UNSUPPORTED_VERSION", Value::Null)) else { panic!("all") };
    let said = "This version of Google's API has ended: set a newer one. Words. (UNSUPPORTED_VERSION, request R1)";
    assert_eq!(trouble.to_string(), said);
}
