//! A file's header: finds columns by name whatever the case, blanks and currency in brackets.

use super::records::Record;

/// The header row, names folded for comparison.
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
    folded: Vec<String>,
}

/// A name without case, outer blanks, doubled blanks and quotes.
pub fn fold(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.trim_matches(['\u{feff}', '"', '\'']).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.to_lowercase());
    }
    out
}

impl Header {
    /// Takes a record for the header.
    pub fn new(record: &Record) -> Self {
        Self::of(record.fields())
    }

    /// A header of these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> =
            names.into_iter().map(|n| n.trim().trim_start_matches('\u{feff}').to_owned()).collect();
        let folded = names.iter().map(|n| fold(n)).collect();
        Self { names, folded }
    }

    /// How many columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The names as the file has them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The first column with one of these names (given folded); earlier names are preferred.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.folded.iter().position(|f| f == name))
    }

    /// As [`Header::find`], also where the name is followed by a currency or unit in brackets: `Amount spent (USD)`.
    pub fn find_with_unit(&self, names: &[&str]) -> Option<(usize, Option<&str>)> {
        names.iter().find_map(|name| {
            self.folded.iter().enumerate().find_map(|(i, folded)| {
                let rest = folded.strip_prefix(name)?.trim_start();
                if rest.is_empty() {
                    return Some((i, None));
                }
                let inner = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'))?;
                Some((i, Some(inner)))
            })
        })
    }

    /// Columns that are none of `known`: for telling what a file lacks.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.find(&[name]).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_columns_whatever_their_dress() {
        let header = Header::of(["\u{feff}Day ", "AMOUNT  spent (USD)", "Cost / conv.", "Cost"]);
        assert_eq!(header.find(&["date", "day"]), Some(0));
        assert_eq!(header.find_with_unit(&["amount spent"]), Some((1, Some("usd"))));
        assert_eq!(header.find_with_unit(&["cost"]), Some((3, None)));
        assert_eq!(header.find(&["missing"]), None);
        assert!(header.has_all(&["day", "cost"]));
    }
}
