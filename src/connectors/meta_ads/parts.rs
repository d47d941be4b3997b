//! A day that Meta cannot answer at once, in parts: by campaigns, then by the ad sets of one, then by the ads of one.

use serde_json::{Value, json};

use super::ask::{Asking, List};
use super::errors::Fault;
use super::streams::{FIELDS, MOST_OF_A_DAY, Question};
use super::usage::Usage;
use crate::connectors::Trouble;

/// How many ids one request names at most.
const IDS: usize = 50;
/// Rows a page: what is asked in parts is asked in small ones.
const LIMIT: u32 = 100;

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Campaign,
    Adset,
    Ad,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Adset => "adset",
            Self::Ad => "ad",
        }
    }

    fn below(self) -> Option<Self> {
        match self {
            Self::Campaign => Some(Self::Adset),
            Self::Adset => Some(Self::Ad),
            Self::Ad => None,
        }
    }
}

struct Part {
    level: Level,
    ids: Vec<String>,
}

/// All rows of a day. Only those with figures are looked for, so that what was deleted is among them.
pub async fn read(asking: &Asking<'_>, question: &Question<'_>, usage: &mut Usage) -> Result<Vec<Value>, Fault> {
    let mut rows = Vec::new();
    let mut parts = below(asking, question, Level::Campaign, None, usage).await?;
    while let Some(Part { level, mut ids }) = parts.pop() {
        match asking.list(&list(question, Level::Ad, FIELDS, Some((level, &ids))), usage).await {
            Ok(more) => rows.extend(more),
            Err(Fault::TooMuch(_)) if ids.len() > 1 => {
                let half = ids.split_off(ids.len() / 2);
                parts.extend([Part { level, ids }, Part { level, ids: half }]);
            }
            Err(Fault::TooMuch(reason)) => match level.below() {
                Some(lower) => parts.extend(below(asking, question, lower, Some((level, &ids)), usage).await?),
                None => return Err(Trouble::broken(reason).into()),
            },
            Err(fault) => return Err(fault),
        }
        if rows.len() > MOST_OF_A_DAY {
            return Err(Fault::TooMany);
        }
    }
    Ok(rows)
}

/// What there is at a level, within something above it, in parts.
async fn below(
    asking: &Asking<'_>,
    question: &Question<'_>,
    level: Level,
    within: Option<(Level, &[String])>,
    usage: &mut Usage,
) -> Result<Vec<Part>, Fault> {
    let field = format!("{}_id", level.name());
    let rows = asking.list(&list(question, level, &field, within), usage).await?;
    let mut ids: Vec<String> = rows.iter().filter_map(|row| row[field.as_str()].as_str().map(str::to_owned)).collect();
    ids.sort();
    ids.dedup();
    Ok(ids.chunks(IDS).map(|ids| Part { level, ids: ids.to_vec() }).collect())
}

fn list<'a>(question: &Question<'_>, level: Level, fields: &str, within: Option<(Level, &[String])>) -> List<'a> {
    let mut query = question.query(level.name(), fields);
    if let Some((level, ids)) = within {
        let filter = json!([{ "field": format!("{}.id", level.name()), "operator": "IN", "value": ids }]);
        query.push(("filtering", filter.to_string()));
    }
    List { path: question.path(), query, limit: LIMIT, most: MOST_OF_A_DAY }
}
