//! What commands print: answers on standard output, complaints on standard error.

use std::io::Write;

use serde_json::Value;

use crate::error::Error;

/// Prints an answer: the text for people, or the JSON for scripts.
pub fn answer(json: bool, text: &str, value: &Value) {
    match json {
        true => line(&format!("{value:#}")),
        false => line(text.trim_end()),
    }
}

/// Prints one line at once. A reader that went away is no reason to fail.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a complaint.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What a failed command says: the field at fault, if one is, and the reason.
pub fn sentence(error: &Error) -> String {
    match error {
        Error::Invalid { field: Some(field), reason, .. } => format!("{field}: {reason}"),
        other => other.to_string(),
    }
}

/// Rows under a heading, columns lined up.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let laid = |row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    std::iter::once(laid(&heading)).chain(rows.iter().map(|row| laid(row))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let rows = [vec!["acme".to_owned(), "Acme".to_owned()], vec!["b".to_owned(), "Bücher & Co".to_owned()]];
        assert_eq!(table(&["slug", "name"], &rows), "slug  name\nacme  Acme\nb     Bücher & Co");
        assert_eq!(table(&["slug"], &[]), "slug");
    }
}
