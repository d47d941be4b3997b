//! Values bound to a statement. Text of users gets into SQL only this way.

use jiff::civil::Date;

use crate::metrics::calendar::days_between;

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Int(i64),
    Text(String),
    Bool(bool),
    Day(Date),
}

/// The values of a statement, numbered from 1; equal values share a number.
#[derive(Debug, Default)]
pub struct Params {
    all: Vec<Param>,
}

impl Params {
    /// The placeholder of a value.
    pub fn bind(&mut self, value: Param) -> String {
        let at = self.all.iter().position(|p| *p == value).unwrap_or_else(|| {
            self.all.push(value.clone());
            self.all.len() - 1
        });
        match value {
            Param::Int(_) => format!("cast(${} as bigint)", at + 1),
            Param::Text(_) => format!("cast(${} as varchar)", at + 1),
            Param::Bool(_) => format!("cast(${} as boolean)", at + 1),
            Param::Day(_) => format!("cast(${} as date)", at + 1),
        }
    }

    /// The placeholder of a number.
    pub fn int(&mut self, value: i64) -> String {
        self.bind(Param::Int(value))
    }

    /// The placeholder of a day.
    pub fn day(&mut self, value: Date) -> String {
        self.bind(Param::Day(value))
    }

    /// The placeholder of a text.
    pub fn text(&mut self, value: &str) -> String {
        self.bind(Param::Text(value.to_owned()))
    }

    /// In the order of their numbers.
    pub fn into_values(self) -> Vec<Param> {
        self.all
    }
}

impl Param {
    /// As an answer shows it.
    pub fn shown(&self) -> String {
        match self {
            Self::Int(n) => n.to_string(),
            Self::Text(text) => text.clone(),
            Self::Bool(b) => b.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }

    /// Days since 1970-01-01, for a day.
    pub fn day_number(day: Date) -> i32 {
        i32::try_from(days_between(jiff::civil::date(1970, 1, 1), day)).unwrap_or(0)
    }
}
