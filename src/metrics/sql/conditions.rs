//! Conditions on rows.

use super::Writer;
use super::figures::comparison;
use super::params::Param;
use crate::metrics::plan::{Test, Value};

impl Writer<'_> {
    /// A condition on an expression; `list` where it holds several values a row.
    pub(super) fn condition(&mut self, expression: &str, list: bool, test: &Test) -> String {
        match test {
            Test::Null(is) => {
                let empty =
                    if list { format!("len(coalesce({expression}, [])) = 0") } else { format!("{expression} is null") };
                if *is { format!("({empty})") } else { format!("not ({empty})") }
            }
            Test::OneOf { values, not } => {
                let bound = values.iter().map(|v| self.value_of(v)).collect::<Vec<_>>().join(", ");
                let any = if list {
                    format!("list_has_any(coalesce({expression}, []), [{bound}])")
                } else {
                    format!("coalesce({expression} in ({bound}), false)")
                };
                if *not { format!("not {any}") } else { any }
            }
            Test::Contains { text, not } => {
                let bound = self.params.text(text);
                // Joined by a character that no text of a filter can hold meaningfully: a part never spans two values.
                let whole =
                    if list { format!("array_to_string({expression}, chr(31))") } else { expression.to_owned() };
                let has = format!("coalesce(contains(lower({whole}), {bound}), false)");
                if *not { format!("not {has}") } else { has }
            }
            Test::Compare { op, value } => format!("{expression} {} {}", comparison(*op), self.value_of(value)),
            Test::Between { low, high } => {
                format!("{expression} between {} and {}", self.value_of(low), self.value_of(high))
            }
            Test::Days { stretches, not } => {
                let any = stretches.iter().map(|(from, to)| {
                    let mut parts = Vec::new();
                    if let Some(day) = from {
                        parts.push(format!("{expression} >= {}", self.params.day(*day)));
                    }
                    if let Some(day) = to {
                        parts.push(format!("{expression} < {}", self.params.day(*day)));
                    }
                    parts.join(" and ")
                });
                let any = format!("({})", any.collect::<Vec<_>>().join(" or "));
                if *not { format!("not {any}") } else { any }
            }
        }
    }

    fn value_of(&mut self, value: &Value) -> String {
        let param = match value {
            Value::Text(text) => Param::Text(text.clone()),
            Value::Int(number) => Param::Int(*number),
            Value::Bool(is) => Param::Bool(*is),
            Value::Day(day) => Param::Day(*day),
        };
        self.params.bind(param)
    }
}
