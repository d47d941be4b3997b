//! TikTok's codes, every one of the table.

use serde_json::json;

use super::*;

fn of(code: i64, message: &str) -> Fault {
    let now = "2026-11-30T22:30:00Z".parse().unwrap();
    let answer = json!({ "code": code, "message": message, "request_id": "2026R" });
    fault(&answer, &Credentials::default().with("access_token", "secret-token", None), now)
}

fn kind(code: i64) -> &'static str {
    match of(code, "") {
        Fault::Metrics(..) => "metrics",
        Fault::TooMany => "many",
        Fault::Denied(Trouble::Scope { .. }) => "denied",
        Fault::Denied(other) => panic!("{other:?}"),
        Fault::Halt(Halt::Rest { .. }) => "rest",
        Fault::Halt(Halt::LeaveOut(_)) => "out",
        Fault::Halt(Halt::All(trouble)) => match trouble {
            Trouble::Later { throttled: true, .. } => "later",
            Trouble::Later { after: Some(OUTAGE), .. } => "outage",
            Trouble::Later { .. } => "busy",
            Trouble::SignIn(_) => "signin",
            Trouble::Refused(_) => "refused",
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn every_code_of_the_table() {
    for (codes, expected) in [
        (&[40_100, 40_016][..], "later"),
        (&[40_133], "rest"),
        (&[40_001], "denied"),
        (&[40_002, 49_999], "refused"),
        (&[40_102, 40_104, 40_105, 40_106, 40_113], "signin"),
        (&[20_001, 40_200, 40_201, 40_202, 40_700, 51_305], "busy"),
        (&[50_000, 50_002, 60_001], "outage"),
    ] {
        for code in codes {
            assert_eq!(kind(*code), expected, "{code}");
        }
    }
}

#[test]
fn limits_last_as_long_as_their_span() {
    let after = |message: &str| match of(40_100, message) {
        Fault::Halt(Halt::All(Trouble::Later { after, .. })) => after,
        other => panic!("{other:?}"),
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(after("Too many requests: QPS limit"), seconds(1));
    assert_eq!(after("QPM limit reached"), seconds(300));
    assert_eq!(after("Daily limit reached (QPD)"), seconds(5_400));
    assert_eq!(after("Too many requests"), None);
    let Fault::Halt(Halt::Rest { after, .. }) = of(40_133, "advertiser QPS") else { panic!("the account rests") };
    assert_eq!(after, Duration::from_secs(1));
}

#[test]
fn unknown_metrics_are_named() {
    let Fault::Metrics(names, _) = of(40_002, "… Invalid metric fields: ['voucher_spend', 'cash_spend']") else {
        panic!("they are named")
    };
    assert_eq!(names, ["voucher_spend", "cash_spend"]);
}

#[test]
fn the_sentence_names_code_and_request_and_no_token() {
    let Fault::Halt(Halt::All(trouble)) = of(40_105, "Access token secret-token is wrong") else { panic!("all") };
    let said = "TikTok no longer accepts the access token. Access token … is wrong (code 40105, request 2026R)";
    assert_eq!(trouble.to_string(), said);
}
