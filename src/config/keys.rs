//! Settings as dotted keys: `warehouse.storage` of the file is `PULSEPOINT_WAREHOUSE_STORAGE` of the environment.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Settings;

/// What an environment variable of a setting begins with.
pub(super) const PREFIX: &str = "PULSEPOINT_";

/// The settings as the file would have them.
pub(super) fn table_of(settings: &Settings) -> Table {
    Table::try_from(settings).unwrap_or_default()
}

/// Every key with its value, tables opened.
pub(super) fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut keys = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                keys.extend(flatten(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => {
                keys.insert(name.clone(), value.clone());
            }
        }
    }
    keys
}

/// The table with `key` set to `value`, and the settings it makes; else the reason why it cannot be.
pub(super) fn with(table: &Table, key: &str, value: &Value) -> Result<(Table, Settings), String> {
    let mut changed = table.clone();
    let (mut inside, mut last) = (&mut changed, key);
    while let Some((first, rest)) = last.split_once('.') {
        let Some(Value::Table(inner)) = inside.get_mut(first) else { return Err("is no table".to_owned()) };
        (inside, last) = (inner, rest);
    }
    inside.insert(last.to_owned(), value.clone());
    match changed.clone().try_into() {
        Ok(settings) => Ok((changed, settings)),
        Err(error) => Err(error.message().to_owned()),
    }
}

/// The variable that sets `key`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// Text of the environment as a value of the kind that `like` is; lists are split at commas.
pub(super) fn parse(text: &str, like: &Value) -> Result<Value, String> {
    match like {
        Value::Integer(_) => {
            let digits = text.trim().replace('_', "");
            digits.parse().map(Value::Integer).map_err(|_| format!("\"{text}\" is not a whole number"))
        }
        Value::Float(_) => text.trim().parse().map(Value::Float).map_err(|_| format!("\"{text}\" is not a number")),
        Value::Boolean(_) => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Value::Boolean(true)),
            "0" | "false" | "no" | "off" => Ok(Value::Boolean(false)),
            _ => Err(format!("\"{text}\" is neither true nor false")),
        },
        Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// The name among `known` that `name` is nearest to, if it is near at all.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = known.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.75).then(|| best.1.to_owned())
}
