//! The search syntax of `query:` arguments: terms joined by AND or spaces. An unknown field matches everything and is warned of.

use serde_json::{Value, json};

use super::super::text::{self, DAY};

/// A search that was read.
#[derive(Debug, Default)]
pub struct Search {
    terms: Vec<(String, &'static str, String)>,
    /// What `extensions.search` says.
    pub warnings: Vec<Value>,
}

const SIGNS: [&str; 5] = [">=", "<=", ">", "<", ""];

/// Reads a search whose fields may be `known`.
pub fn read(query: &str, known: &[&str]) -> Search {
    let mut search = Search::default();
    let mut or = false;
    for word in words(query) {
        if word == "OR" {
            or = true;
            continue;
        }
        let Some((field, rest)) = word.split_once(':') else { continue };
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).unwrap_or_default();
        let value = rest[sign.len()..].trim_matches(['\'', '"']).to_owned();
        let field = field.to_lowercase();
        let mut warn = |message: String, code: &str| {
            search.warnings.push(json!({"field": field, "message": message, "code": code}));
        };
        if !known.contains(&field.as_str()) {
            warn("Invalid search field for this query.".to_owned(), "invalid_field");
        } else if field.ends_with("_at") && text::read_instant(&value).is_none() {
            warn(format!("Input `{value}` is not an accepted value."), "invalid_value");
        } else {
            // `id:1 OR id:2` is `id:1,2`; other alternatives are not known.
            match search.terms.last_mut() {
                Some((last, "", values)) if or && *last == field && sign.is_empty() => *values += &format!(",{value}"),
                _ if or => search
                    .warnings
                    .push(json!({"field": field, "message": "OR joins equal fields only.", "code": "invalid_or"})),
                _ => search.terms.push((field, sign, value)),
            }
        }
        or = false;
    }
    search
}

/// Words, with quoted spaces kept and AND and brackets dropped.
fn words(query: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in query.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, ' ' | '\n' | '\t' | '(' | ')') => {
                words.push(std::mem::take(&mut word));
                continue;
            }
            _ => {}
        }
        word.push(character);
    }
    words.push(word);
    words.retain(|word| !word.is_empty() && word != "AND");
    words
}

impl Search {
    /// What `field` may be: from, to (not included), in seconds since 1970.
    pub fn range(&self, field: &str) -> (i64, i64) {
        let (mut from, mut to) = (i64::MIN / 4, i64::MAX / 4);
        for (_, sign, value) in self.terms.iter().filter(|(name, _, _)| name == field) {
            let Some(at) = text::read_instant(value) else { continue };
            match *sign {
                ">=" => from = from.max(at),
                ">" => from = from.max(at + 1),
                "<" => to = to.min(at),
                "<=" => to = to.min(at + 1),
                _ => {
                    let width = if value.len() == 10 { DAY } else { 1 };
                    (from, to) = (from.max(at), to.min(at + width));
                }
            }
        }
        (from, to)
    }

    /// Whether every term about `field` allows this text; commas separate what is allowed.
    pub fn allows(&self, field: &str, value: &str) -> bool {
        let mut terms = self.terms.iter().filter(|(name, _, _)| name == field);
        terms.all(|(_, sign, wanted)| match (*sign, wanted.parse::<i64>(), value.parse::<i64>()) {
            ("", _, _) => wanted.split(',').any(|wanted| wanted.eq_ignore_ascii_case(value)),
            (">", Ok(wanted), Ok(value)) => value > wanted,
            (">=", Ok(wanted), Ok(value)) => value >= wanted,
            ("<", Ok(wanted), Ok(value)) => value < wanted,
            ("<=", Ok(wanted), Ok(value)) => value <= wanted,
            _ => false,
        })
    }

    /// The ids that are named, where the search names ids.
    pub fn ids(&self) -> Option<Vec<u64>> {
        let (_, _, value) = self.terms.iter().find(|(name, sign, _)| name == "id" && sign.is_empty())?;
        Some(value.split(',').filter_map(|id| id.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_and_without_quotes() {
        let search = read("updated_at:>='2026-11-22T09:00:00Z' AND updated_at:<2026-11-22T10:05:00Z", &["updated_at"]);
        let at = |text| text::read_instant(text).unwrap();
        assert_eq!(search.range("updated_at"), (at("2026-11-22T09:00:00Z"), at("2026-11-22T10:05:00Z")));
        assert!(search.warnings.is_empty());
        let day = read("created_at:2026-11-22", &["created_at"]).range("created_at");
        assert_eq!(day, (at("2026-11-22"), at("2026-11-23")));
    }

    #[test]
    fn an_unknown_field_is_warned_of_and_matches_everything() {
        let search = read("updatd_at:>'2026-11-22'", &["updated_at"]);
        assert_eq!(search.warnings[0]["code"], "invalid_field");
        assert_eq!(search.range("updated_at"), (i64::MIN / 4, i64::MAX / 4));
        assert_eq!(read("updated_at:>yesterday", &["updated_at"]).warnings[0]["code"], "invalid_value");
    }

    #[test]
    fn texts_compare_without_case_and_numbers_by_size() {
        let search = read("action:destroy subject_type:product id:>5", &["action", "subject_type", "id"]);
        assert!(search.allows("subject_type", "PRODUCT") && !search.allows("subject_type", "ORDER"));
        assert!(search.allows("id", "6") && !search.allows("id", "5") && search.ids().is_none());
        let either = read("id:7 OR id:9", &["id"]);
        assert_eq!(either.ids(), Some(vec![7, 9]));
        assert!(either.allows("id", "9") && !either.allows("id", "8") && either.warnings.is_empty());
    }
}
