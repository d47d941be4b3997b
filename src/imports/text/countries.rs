//! Country names to ISO 3166-1 alpha-2 codes, from `data/countries.csv`.

use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let text = include_str!("../../../data/countries.csv");
    let mut table = HashMap::with_capacity(2_000);
    for row in csv::Reader::from_reader(text.as_bytes()).records().flatten() {
        let code = row.get(0).unwrap_or_default();
        let names = row.get(1).into_iter().chain(row.get(2).unwrap_or_default().split('|')).chain([code]);
        for name in names.filter(|name| !name.is_empty()) {
            table.insert(name.to_lowercase(), code.to_owned());
        }
    }
    table
});

/// The code of a country's name, code or usual alias; `None` where there is no such country ("Channel Islands", "Unspecified").
pub fn code(name: &str) -> Option<&'static str> {
    let name = name.trim();
    if let [a, b] = name.as_bytes()
        && a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
    {
        return TABLE.get(&name.to_ascii_lowercase()).map(String::as_str);
    }
    TABLE.get(&name.to_lowercase()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_codes_and_aliases() {
        for (name, expected) in [
            ("United Kingdom", Some("GB")),
            ("uk", Some("GB")),
            ("EIRE", Some("IE")),
            ("RSA", Some("ZA")),
            ("USA", Some("US")),
            ("us", Some("US")),
            ("DEU", Some("DE")),
            ("Deutschland", Some("DE")),
            ("Türkiye", Some("TR")),
            (" Czech Republic ", Some("CZ")),
            ("Channel Islands", None),
            ("European Community", None),
            ("Unspecified", None),
            ("", None),
        ] {
            assert_eq!(code(name), expected, "{name}");
        }
    }
}
