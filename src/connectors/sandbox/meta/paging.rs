//! Pages of Meta: cursors and the address of the next page, which holds the access token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use serde_json::{Value, json};

use super::Call;
use super::errors::Failure;

/// A place as an opaque text.
pub fn cursor(place: u64) -> String {
    STANDARD.encode(place.to_string()).replace('=', "ZD")
}

/// The place a cursor names.
pub fn read_cursor(cursor: &str) -> Option<u64> {
    let text = STANDARD.decode(cursor.replace("ZD", "=")).ok()?;
    String::from_utf8(text).ok()?.parse().ok()
}

/// Where a page begins: after the row at `after`.
pub fn begin(params: &[(String, String)]) -> Result<u64, Failure> {
    match params.iter().find(|(key, _)| key == "after").map(|(_, value)| value.as_str()) {
        None | Some("") => Ok(0),
        Some(text) => read_cursor(text).map(|place| place + 1).ok_or_else(|| {
            Failure::new(100, "(#100) Cannot specify an invalid cursor, or After Cursor exceeds max limit")
        }),
    }
}

/// How many rows a page may have.
pub fn limit(params: &[(String, String)]) -> usize {
    let limit = params.iter().find(|(key, _)| key == "limit").and_then(|(_, value)| value.parse().ok());
    limit.unwrap_or(25_usize).clamp(1, 5000)
}

/// `paging` of a page from the row at `first` to the row at `last`.
pub fn paging(call: &Call<'_>, params: &[(String, String)], (first, last): (u64, u64), more: bool) -> Value {
    let (before, after) = (cursor(first), cursor(last));
    let mut paging = json!({"cursors": {"before": before, "after": after}});
    if more {
        let mut pairs = Serializer::new(String::new());
        let kept = params.iter().filter(|(key, _)| key != "after" && key != "before" && key != "access_token");
        pairs.append_pair("access_token", &call.token).extend_pairs(kept).append_pair("after", &after);
        paging["next"] = json!(format!("{}/meta/{}/{}?{}", call.world.url, call.version, call.path, pairs.finish()));
    }
    paging
}

/// A list of text or of JSON: `a,b{c,d}` or `["a","b"]`.
pub fn names(text: &str) -> Vec<String> {
    if let Ok(names) = serde_json::from_str::<Vec<String>>(text) {
        return names;
    }
    let (mut names, mut depth) = (vec![String::new()], 0);
    for character in text.chars() {
        match character {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                names.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(name) = names.last_mut() {
            name.push(character);
        }
    }
    names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_look_like_the_platform_s() {
        assert_eq!([cursor(0), cursor(2)], ["MAZDZD", "MgZDZD"]);
        assert!((0..2000).all(|place| read_cursor(&cursor(place)) == Some(place)));
        assert_eq!(read_cursor("nonsense"), None);
    }

    #[test]
    fn names_are_split_outside_of_braces() {
        assert_eq!(names("id, name,creative{url_tags,id}"), ["id", "name", "creative{url_tags,id}"]);
        assert_eq!(names(r#"["a","b"]"#), ["a", "b"]);
    }
}
