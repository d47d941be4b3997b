//! Meta's codes, every one of the table.

use serde_json::json;

use super::*;

/// What becomes of a code: `later` (throttled), `busy`, `rest`, `out`, `signin`, `scope`, `refused`, `much`, `gone`.
fn kind(error: Value) -> &'static str {
    match fault(&error, StatusCode::BAD_REQUEST, &Usage::default(), &Credentials::default()) {
        Fault::TooMuch(_) => "much",
        Fault::TooMany => "many",
        Fault::Gone(_) => "gone",
        Fault::Halt(Halt::Rest { after, .. }) => {
            assert_eq!(after, LIMIT);
            "rest"
        }
        Fault::Halt(Halt::LeaveOut(_)) => "out",
        Fault::Halt(Halt::All(Trouble::Later { throttled: true, after, .. })) => {
            assert_eq!(after, Some(LIMIT));
            "later"
        }
        Fault::Halt(Halt::All(Trouble::Later { .. })) => "busy",
        Fault::Halt(Halt::All(Trouble::SignIn(_))) => "signin",
        Fault::Halt(Halt::All(Trouble::Scope { .. })) => "scope",
        Fault::Halt(Halt::All(Trouble::Refused(_))) => "refused",
        Fault::Halt(Halt::All(other)) => panic!("{other:?}"),
    }
}

#[test]
fn every_code_of_the_table() {
    for (code, subcode, expected) in [
        (4, 0, "later"),
        (4, 1_504_022, "later"),
        (4, 1_504_039, "later"),
        (17, 2_446_079, "later"),
        (32, 0, "later"),
        (341, 0, "later"),
        (613, 1_487_742, "rest"),
        (613, 1996, "rest"),
        (80_000, 2_446_079, "rest"),
        (80_004, 2_446_079, "rest"),
        (80_014, 0, "rest"),
        (80_015, 0, "refused"),
        (1, 0, "busy"),
        (1, 99, "much"),
        (2, 0, "busy"),
        (960, 0, "busy"),
        (5, 99, "busy"),
        (5, 1_504_043, "busy"),
        (2, 1_504_038, "much"),
        (100, 1_504_018, "much"),
        (100, 1_487_534, "much"),
        (100, 33, "gone"),
        (100, 0, "refused"),
        (190, 463, "signin"),
        (190, 460, "signin"),
        (190, 458, "signin"),
        (190, 492, "signin"),
        (102, 0, "signin"),
        (10, 0, "scope"),
        (200, 0, "out"),
        (294, 0, "out"),
        (299, 0, "out"),
        (300, 0, "refused"),
        (368, 0, "refused"),
        (2635, 0, "refused"),
    ] {
        assert_eq!(kind(json!({ "code": code, "error_subcode": subcode })), expected, "{code}/{subcode}");
    }
}

#[test]
fn words_decide_where_codes_do_not() {
    let said = |code: i64, message: &str| kind(json!({ "code": code, "message": message }));
    assert_eq!(said(1, "Please reduce the amount of data you're asking for, then retry your request"), "much");
    assert_eq!(said(100, "(#100) After Cursor exceeds max limit"), "much");
    assert_eq!(said(100, "API calls from the server require an appsecret_proof argument"), "signin");
    assert_eq!(said(100, "Cannot include purchase in summary param because they weren't there"), "busy");
    assert_eq!(kind(json!({ "code": 3333, "is_transient": true })), "busy");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let fault = fault(&json!({ "code": 3333 }), status, &Usage::default(), &Credentials::default());
    assert!(matches!(fault, Fault::Halt(Halt::All(Trouble::Later { throttled: false, .. }))));
}

#[test]
fn the_sentence_names_code_and_trace_and_no_token() {
    let credentials = Credentials::default().with("access_token", "EAABsecret", None);
    let error = json!({ "code": 190, "error_subcode": 463, "message": "Bad token EAABsecret", "fbtrace_id": "AbC" });
    let Fault::Halt(Halt::All(trouble)) = fault(&error, StatusCode::OK, &Usage::default(), &credentials) else {
        panic!("it concerns all")
    };
    assert_eq!(trouble.to_string(), "The access token has ended. Bad token … (code 190/463, trace AbC)");
}
