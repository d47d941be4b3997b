//! GAQL as far as reports need it: `SELECT … FROM … WHERE … ORDER BY … LIMIT …`.

use super::super::text;
use super::errors::Failure;

/// A query.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub select: Vec<String>,
    pub from: String,
    pub conditions: Vec<Condition>,
    pub by_date: bool,
    pub limit: Option<usize>,
}

/// A condition; all of them hold.
#[derive(Debug, Clone)]
pub struct Condition {
    pub field: String,
    pub operator: String,
    pub values: Vec<String>,
}

/// Words, signs and quoted texts.
fn words(query: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut characters = query.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => {
                quote = None;
                words.push(std::mem::take(&mut word));
            }
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => quote = Some(character),
            (None, ',' | '(' | ')' | '=' | '!' | '<' | '>') => {
                words.push(std::mem::take(&mut word));
                let mut sign = character.to_string();
                if matches!(character, '!' | '<' | '>') && characters.peek() == Some(&'=') {
                    characters.next();
                    sign.push('=');
                }
                words.push(sign);
            }
            (None, space) if space.is_whitespace() => words.push(std::mem::take(&mut word)),
            (None, _) => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Reads a query.
pub fn read(text: &str) -> Result<Query, Failure> {
    let words = words(text);
    let mut reader = Reader { words: &words, at: 0 };
    let mut query = Query::default();
    reader.keyword("SELECT")?;
    loop {
        query.select.push(reader.word()?);
        if !reader.has(",") {
            break;
        }
    }
    reader.keyword("FROM")?;
    query.from = reader.word()?;
    if reader.has("WHERE") {
        loop {
            query.conditions.push(reader.condition()?);
            if !reader.has("AND") {
                break;
            }
        }
    }
    if reader.has("ORDER") {
        reader.keyword("BY")?;
        query.by_date = reader.word()? == "segments.date";
        while reader.has("ASC") || reader.has("DESC") || reader.has(",") {
            reader.at += usize::from(reader.words[reader.at - 1] == ",");
        }
    }
    if reader.has("LIMIT") {
        query.limit = reader.word()?.parse().ok();
    }
    if reader.has("PARAMETERS") {
        reader.at = words.len();
    }
    match reader.words.get(reader.at) {
        None => Ok(query),
        Some(word) => Err(Failure::query("UNEXPECTED_INPUT", &format!("Error in query: unexpected input {word}."))),
    }
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
}

impl Reader<'_> {
    fn has(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|own| own.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn keyword(&mut self, word: &str) -> Result<(), Failure> {
        match self.has(word) {
            true => Ok(()),
            false => Err(Failure::query("UNEXPECTED_INPUT", &format!("Error in query: expected {word}."))),
        }
    }

    fn word(&mut self) -> Result<String, Failure> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word.ok_or_else(|| Failure::query("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query."))
    }

    fn condition(&mut self) -> Result<Condition, Failure> {
        let (field, mut operator) = (self.word()?, self.word()?.to_uppercase());
        if operator == "NOT" {
            operator = format!("NOT {}", self.word()?.to_uppercase());
        }
        let mut values = Vec::new();
        match operator.as_str() {
            "IN" | "NOT IN" => {
                self.keyword("(")?;
                while !self.has(")") {
                    values.push(self.word()?);
                    self.has(",");
                }
            }
            "BETWEEN" => {
                values.push(self.word()?);
                self.keyword("AND")?;
                values.push(self.word()?);
            }
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "DURING" => values.push(self.word()?),
            other => return Err(Failure::query("BAD_OPERATOR", &format!("Error in query: bad operator {other}."))),
        }
        Ok(Condition { field, operator, values })
    }
}

impl Query {
    /// The days that `segments.date` is limited to, both included; none where it is not.
    pub fn days(&self, today: i64) -> Result<Option<(i64, i64)>, Failure> {
        let mut days: Option<(i64, i64)> = None;
        for condition in self.conditions.iter().filter(|condition| condition.field == "segments.date") {
            let day = |at: usize| {
                let text = condition.values.get(at).map(String::as_str).unwrap_or_default();
                text::read_day(text).ok_or_else(|| Failure::query("INVALID_VALUE_WITH_DATE", "Invalid date."))
            };
            let (from, to) = match condition.operator.as_str() {
                "BETWEEN" => (day(0)?, day(1)?),
                "=" => (day(0)?, day(0)?),
                ">=" => (day(0)?, i64::MAX),
                "<=" => (i64::MIN, day(0)?),
                ">" => (day(0)? + 1, i64::MAX),
                "<" => (i64::MIN, day(0)? - 1),
                "DURING" => during(&condition.values[0], today)?,
                _ => return Err(Failure::query("BAD_OPERATOR", "segments.date takes =, <, >, BETWEEN and DURING.")),
            };
            let before = days.unwrap_or((i64::MIN, i64::MAX));
            days = Some((before.0.max(from), before.1.min(to)));
        }
        if days.is_some_and(|(from, to)| from == i64::MIN || to == i64::MAX) {
            return Err(Failure::query("EXPECTED_FILTERS_ON_DATE_RANGE", "The date range must be finite."));
        }
        Ok(days)
    }

    /// Whether a text passes every condition on `field`.
    pub fn allows(&self, field: &str, value: &str) -> bool {
        let mut conditions = self.conditions.iter().filter(|condition| condition.field == field);
        conditions.all(|condition| {
            let among = condition.values.iter().any(|wanted| wanted == value);
            if matches!(condition.operator.as_str(), "!=" | "NOT IN") { !among } else { among }
        })
    }
}

fn during(name: &str, today: i64) -> Result<(i64, i64), Failure> {
    Ok(match name.to_uppercase().as_str() {
        "TODAY" => (today, today),
        "YESTERDAY" => (today - 1, today - 1),
        "LAST_7_DAYS" => (today - 7, today - 1),
        "LAST_14_DAYS" => (today - 14, today - 1),
        "LAST_30_DAYS" => (today - 30, today - 1),
        _ => {
            return Err(Failure::query("INVALID_VALUE_WITH_DURING_OPERATOR", &format!("Invalid date literal {name}.")));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_reports_are_read() {
        let query = read(
            "SELECT segments.date, campaign.id, metrics.cost_micros FROM campaign WHERE segments.date BETWEEN '2026-08-24' \
             AND '2026-11-22' AND campaign.status IN ('ENABLED','REMOVED') ORDER BY segments.date DESC LIMIT 5",
        )
        .unwrap();
        assert_eq!(
            (query.select.len(), query.from.as_str(), query.limit, query.by_date),
            (3, "campaign", Some(5), true)
        );
        let days = (text::read_day("2026-08-24").unwrap(), text::read_day("2026-11-22").unwrap());
        assert_eq!(query.days(0).unwrap(), Some(days));
        assert!(query.allows("campaign.status", "REMOVED") && !query.allows("campaign.status", "PAUSED"));
    }

    #[test]
    fn what_is_no_query_is_told() {
        assert_eq!(read("SELECT").unwrap_err().code, "UNEXPECTED_END_OF_QUERY");
        assert_eq!(read("SELECT a FROM b WHERE c LIKE 'x'").unwrap_err().code, "BAD_OPERATOR");
        assert_eq!(read("SELECT a FROM b nonsense").unwrap_err().code, "UNEXPECTED_INPUT");
        let open = read("SELECT a FROM b WHERE segments.date >= '2026-01-01'").unwrap();
        assert_eq!(open.days(0).unwrap_err().code, "EXPECTED_FILTERS_ON_DATE_RANGE");
    }
}
