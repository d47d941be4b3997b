//! Figures as the platforms write them: decimal text or JSON numbers, nothing or `-` where there are none. Never through a float.

use serde_json::Value;

use crate::money::{MICROS, parse_micros};

/// Micros of a decimal; absent, null, empty and `-` are none, which counts 0. More than six decimals round half to even.
///
/// # Errors
/// A sentence, where it is no decimal or too large.
pub fn micros(value: &Value) -> Result<i64, String> {
    match text(value)? {
        None => Ok(0),
        Some(text) => plain(&text).and_then(|plain| parse_micros(&plain)).ok_or_else(|| unfit(&text)),
    }
}

/// A whole number; `12.0` is one.
///
/// # Errors
/// A sentence, where it is none.
pub fn count(value: &Value) -> Result<i64, String> {
    let all = micros(value)?;
    if all % MICROS == 0 { Ok(all / MICROS) } else { Err(format!("{value} is no whole number")) }
}

/// Micros that the platform counts in itself: a whole number of them.
///
/// # Errors
/// A sentence, where it is none or too large.
pub fn whole_micros(value: &Value) -> Result<i64, String> {
    match text(value)? {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_| unfit(&text)),
    }
}

fn unfit(text: &str) -> String {
    format!("\"{text}\" is no figure")
}

fn text(value: &Value) -> Result<Option<String>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        // As it is written: the shortest decimal that means it.
        Value::Number(number) => number.to_string(),
        _ => return Err("a figure is neither text nor a number".to_owned()),
    };
    Ok((!text.is_empty() && text != "-").then_some(text))
}

/// Without an exponent: the point is moved in the text. None for an exponent that no figure has.
fn plain(text: &str) -> Option<String> {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return Some(text.to_owned()) };
    let exponent: i32 = exponent.parse().ok().filter(|by: &i32| by.abs() <= 30)?;
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut all = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).ok()? + exponent;
    while point < 0 {
        all.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).ok()?;
    while all.len() < point {
        all.push('0');
    }
    if !all.is_ascii() {
        return None;
    }
    all.insert(point, '.');
    Some(format!("{sign}{all}"))
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
