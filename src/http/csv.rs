//! CSV (RFC 4180) that a spreadsheet can open without running any of it.

/// Adds a row to `text`. The cells stand as they are: what comes from outside goes through [`guarded`] first.
pub fn push_row(text: &mut String, cells: impl Iterator<Item = String>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

/// A text as a cell that is no formula: an apostrophe goes before what a spreadsheet would run.
pub fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut row = String::new();
        push_row(&mut row, ["a,b".to_owned(), "say \"x\"".to_owned(), "line\nbreak".to_owned()].into_iter());
        assert_eq!(row, "\"a,b\",\"say \"\"x\"\"\",\"line\nbreak\"\r\n");
    }

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1+1", "@SUM(A1)", "-2", "+1", "\t=1", "\r=1"] {
            assert_eq!(guarded(text.to_owned()), format!("'{text}"));
        }
        assert_eq!(guarded("a=1".to_owned()), "a=1");
    }
}
