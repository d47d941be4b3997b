//! Figures are exact: whatever a platform writes is what is counted.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::money::format_micros;

#[test]
fn text_numbers_and_nothing() {
    for (value, expected) in [
        (json!("7.348789"), 7_348_789),
        (json!("20.00"), 20_000_000),
        (json!(4.143961), 4_143_961),
        (json!(180.7), 180_700_000),
        (json!(3), 3_000_000),
        (json!("-1.5"), -1_500_000),
        (json!("1.5E3"), 1_500_000_000),
        (json!(1e-7), 0),
        (json!(2.5e-6), 2),
        (json!(1.0e15), 1_000_000_000_000_000_000_000_i128),
        (json!("-"), 0),
        (json!(""), 0),
        (Value::Null, 0),
    ] {
        assert_eq!(micros(&value).map(i128::from).ok(), i64::try_from(expected).ok().map(i128::from), "{value}");
    }
    for value in
        [json!("1,000"), json!("n/a"), json!({}), json!([1]), json!(true), json!("1e99"), json!("e5"), json!("1e")]
    {
        assert!(micros(&value).is_err(), "{value}");
    }
}

#[test]
fn whole_numbers_are_whole() {
    assert_eq!(count(&json!("204")), Ok(204));
    assert_eq!(count(&json!("12.0")), Ok(12));
    assert_eq!(count(&Value::Null), Ok(0));
    assert!(count(&json!("1.5")).is_err());
    assert_eq!(whole_micros(&json!("1061083620")), Ok(1_061_083_620));
    assert!(whole_micros(&json!("1.0")).is_err());
}

proptest! {
    #[test]
    fn text_is_counted_as_written(micros_in in any::<i64>()) {
        let text = format_micros(micros_in.into(), 6);
        prop_assert_eq!(micros(&json!(text)), Ok(micros_in));
    }

    #[test]
    fn numbers_are_counted_as_written(micros_in in -999_999_999_999_999_i64..=999_999_999_999_999) {
        // Fifteen digits, which a JSON number keeps.
        let text = format_micros(micros_in.into(), 6);
        let number: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(micros(&number), Ok(micros_in));
    }

    #[test]
    fn an_exponent_moves_the_point(digits in 1_i64..=999_999, shift in 0_u32..=6) {
        prop_assert_eq!(micros(&json!(format!("{digits}e-{shift}"))), Ok(digits * 10_i64.pow(6 - shift)));
        prop_assert_eq!(micros(&json!(format!("0.{digits:06}E{shift}"))), Ok(digits * 10_i64.pow(shift)));
    }

    #[test]
    fn no_text_stops_the_reader(text in "\\PC*") {
        let _ = micros(&json!(text));
    }
}
