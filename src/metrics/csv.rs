//! An answer as a CSV file: raw decimals with a dot, and no cell that a spreadsheet would run.

use serde_json::Value as Json;

use crate::http::{guarded, push_row};
use crate::metrics::answer::Answer;

/// The columns and rows, without the totals: a file is for adding up.
pub fn write(answer: &Answer, keys: usize) -> Vec<u8> {
    let mut text = String::new();
    push_row(&mut text, answer.columns.iter().map(|name| name.as_str().to_owned()));
    for row in &answer.rows {
        push_row(&mut text, row.iter().enumerate().map(|(i, cell)| shown(cell, i < keys)));
    }
    text.into_bytes()
}

/// Names come from outside (a product may be called `=cmd|…`); figures are ours, and may begin with a minus.
fn shown(cell: &Json, is_name: bool) -> String {
    let text = match cell {
        Json::Null => return String::new(),
        Json::String(text) => text.clone(),
        other => return other.to_string(),
    };
    if is_name { guarded(text) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_cannot_be_formulas_and_figures_keep_their_sign() {
        for (cell, is_name, text) in [
            (json!("=1+1"), true, "'=1+1"),
            (json!("@SUM(A1)"), true, "'@SUM(A1)"),
            (json!("-2"), true, "'-2"),
            (json!("-12.50"), false, "-12.50"),
            (json!(7), false, "7"),
            (json!(null), true, ""),
        ] {
            assert_eq!(shown(&cell, is_name), text);
        }
    }
}
