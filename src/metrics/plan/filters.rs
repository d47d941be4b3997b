//! Filters, read by the kind of what they look at: on dimensions before summing, on metrics after it.

use jiff::civil::Date;
use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::metrics::calendar::{Calendar, read_day};
use crate::metrics::catalogue::{Catalogue, Formula, Kind, Metric};
use crate::metrics::facts::Dim;
use crate::metrics::query::{Filter, Grain, Op, Query};
use crate::money::parse_micros;

const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 1_000;
const LONGEST_TEXT: usize = 500;
/// One unit of money a thousand thousand million times: larger bounds would overflow what they are multiplied with.
const LARGEST_BOUND: i64 = 1_000_000_000_000_000_000;

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFilter {
    pub on: On,
    pub test: Test,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Dim(Dim),
    /// Gross − discount of the order the row belongs to.
    OrderValue,
}

impl On {
    /// As it is written in a query.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dim(dim) => dim.id(),
            Self::OrderValue => ORDER_VALUE,
        }
    }
}

const ORDER_VALUE: &str = "order_value";

/// A condition, with values of the right type.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Has no value, or (`false`) has one.
    Null(bool),
    /// Is one of these, or (`not`) none.
    OneOf { values: Vec<Value>, not: bool },
    /// Has this part, upper and lower case alike.
    Contains { text: String, not: bool },
    /// `gt`, `gte`, `lt` or `lte`.
    Compare { op: Op, value: Value },
    /// Both ends included.
    Between { low: Value, high: Value },
    /// The row's day lies in one of these half-open stretches; open ends are absent.
    Days { stretches: Vec<(Option<Date>, Option<Date>)>, not: bool },
}

/// A value of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    /// Numbers, weekdays (1 = Monday), money in micros.
    Int(i64),
    Bool(bool),
    Day(Date),
}

/// A condition on a metric of the summed rows.
#[derive(Debug, Clone)]
pub struct Having {
    pub metric: &'static Metric,
    pub formula: Formula,
    pub test: Bound,
}

/// A bound in millionths of the metric's unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Null(bool),
    OneOf { values: Vec<i64>, not: bool },
    Compare { op: Op, value: i64 },
    Between { low: i64, high: i64 },
}

impl Having {
    /// With the formula that fits the question.
    pub fn resolve(mut self, by_ads: bool, journeys: bool) -> Self {
        self.formula = self.metric.formula_for(by_ads, journeys);
        self
    }
}

/// Sorts the filters of a query into those on rows and those on sums.
pub(super) fn read(
    query: &Query,
    catalogue: &'static Catalogue,
    calendar: &Calendar,
) -> Result<(Vec<RowFilter>, Vec<Having>)> {
    if query.filters.len() > MOST_FILTERS {
        return Err(Error::invalid_code(
            "too_many",
            Some("filters"),
            format!("A query has at most {MOST_FILTERS} filters."),
        ));
    }
    let (mut rows, mut sums) = (Vec::new(), Vec::new());
    for (i, filter) in query.filters.iter().enumerate() {
        let reader = Reader { filter, field: format!("filters[{i}]"), calendar };
        if filter.dim == ORDER_VALUE {
            rows.push(RowFilter { on: On::OrderValue, test: reader.money()? });
        } else if let Some(dimension) = catalogue.dimension(&filter.dim) {
            rows.push(RowFilter { on: On::Dim(dimension.id), test: reader.row(dimension.id, dimension.kind)? });
        } else if let Some(metric) = catalogue.metric(&filter.dim) {
            sums.push(Having { metric, formula: metric.formula(false), test: reader.bound()? });
        } else {
            return Err(super::unknown_dimension(&format!("{}.dim", reader.field), &filter.dim, catalogue));
        }
    }
    Ok((rows, sums))
}

struct Reader<'a> {
    filter: &'a Filter,
    field: String,
    calendar: &'a Calendar,
}

impl Reader<'_> {
    fn row(&self, dim: Dim, kind: Kind) -> Result<Test> {
        if self.filter.op == Op::IsNull {
            return self.null().map(Test::Null);
        }
        if let Some(grain) = dim.grain() {
            return self.days(grain);
        }
        match (kind, self.filter.op) {
            (Kind::Text | Kind::List, Op::Contains | Op::NotContains) => {
                let text = self.text(self.single()?)?;
                Ok(Test::Contains { text: text.to_lowercase(), not: self.filter.op == Op::NotContains })
            }
            (_, Op::Eq | Op::Neq | Op::In | Op::NotIn) => {
                let values = self.values()?.into_iter().map(|v| self.typed(kind, v)).collect::<Result<_>>()?;
                Ok(Test::OneOf { values, not: matches!(self.filter.op, Op::Neq | Op::NotIn) })
            }
            (Kind::Number | Kind::Date, op @ (Op::Gt | Op::Gte | Op::Lt | Op::Lte)) => {
                Ok(Test::Compare { op, value: self.typed(kind, self.single()?)? })
            }
            (Kind::Number | Kind::Date, Op::Between) => {
                let (low, high) = self.pair()?;
                Ok(Test::Between { low: self.typed(kind, low)?, high: self.typed(kind, high)? })
            }
            _ => Err(self.misfit(kind)),
        }
    }

    fn typed(&self, kind: Kind, value: &Json) -> Result<Value> {
        let wrong = |what: &str| self.bad(format!("\"{}\" takes {what}.", self.filter.dim));
        match kind {
            Kind::Text | Kind::List => self.text(value).map(Value::Text),
            Kind::Bool => match (value, value.as_str()) {
                (Json::Bool(b), _) => Ok(Value::Bool(*b)),
                (_, Some("true")) => Ok(Value::Bool(true)),
                (_, Some("false")) => Ok(Value::Bool(false)),
                _ => Err(wrong("true or false")),
            },
            Kind::Number => {
                plain(value).and_then(|t| t.parse().ok()).map(Value::Int).ok_or_else(|| wrong("whole numbers"))
            }
            Kind::Weekday => {
                weekday(value).map(Value::Int).ok_or_else(|| wrong("monday to sunday, or 1 (Monday) to 7"))
            }
            Kind::Date | Kind::Bucket => {
                value.as_str().and_then(read_day).map(Value::Day).ok_or_else(|| wrong("days as YYYY-MM-DD"))
            }
        }
    }

    /// A filter on a bucket of the calendar is one on the days in it.
    fn days(&self, grain: Grain) -> Result<Test> {
        let stretch = |value: &Json| {
            let text = value.as_str().unwrap_or_default();
            // A month or year may be named by itself.
            let padded = match (grain, text.len()) {
                (Grain::Month | Grain::Quarter, 7) => format!("{text}-01"),
                (Grain::Year, 4) => format!("{text}-01-01"),
                _ => text.to_owned(),
            };
            let day = read_day(&padded).filter(|d| (1970..2200).contains(&d.year()));
            let day = day.ok_or_else(|| self.bad(format!("\"{}\" takes days as YYYY-MM-DD.", self.filter.dim)))?;
            let start = self.calendar.bucket_start(day, grain);
            Ok::<_, Error>((start, self.calendar.next_bucket(start, grain)))
        };
        let one = || self.single().and_then(stretch);
        let (stretches, not) = match self.filter.op {
            Op::Eq | Op::Neq | Op::In | Op::NotIn => {
                let values = self.values()?.into_iter().map(|v| stretch(v).map(|(s, e)| (Some(s), Some(e))));
                (values.collect::<Result<_>>()?, matches!(self.filter.op, Op::Neq | Op::NotIn))
            }
            Op::Gt => (vec![(Some(one()?.1), None)], false),
            Op::Gte => (vec![(Some(one()?.0), None)], false),
            Op::Lt => (vec![(None, Some(one()?.0))], false),
            Op::Lte => (vec![(None, Some(one()?.1))], false),
            Op::Between => {
                let (low, high) = self.pair()?;
                (vec![(Some(stretch(low)?.0), Some(stretch(high)?.1))], false)
            }
            _ => return Err(self.misfit(Kind::Bucket)),
        };
        Ok(Test::Days { stretches, not })
    }

    /// On the value of an order.
    fn money(&self) -> Result<Test> {
        Ok(match self.bound()? {
            Bound::Null(is) => Test::Null(is),
            Bound::OneOf { values, not } => Test::OneOf { values: values.into_iter().map(Value::Int).collect(), not },
            Bound::Compare { op, value } => Test::Compare { op, value: Value::Int(value) },
            Bound::Between { low, high } => Test::Between { low: Value::Int(low), high: Value::Int(high) },
        })
    }

    /// On a metric.
    fn bound(&self) -> Result<Bound> {
        let decimal = |value: &Json| {
            let micros = plain(value).and_then(|t| parse_micros(&t)).filter(|m| m.abs() <= LARGEST_BOUND);
            micros.ok_or_else(|| {
                self.bad(format!("\"{}\" takes a decimal number, as 12.50 or \"12.50\".", self.filter.dim))
            })
        };
        Ok(match self.filter.op {
            Op::IsNull => Bound::Null(self.null()?),
            Op::Eq | Op::Neq | Op::In | Op::NotIn => Bound::OneOf {
                values: self.values()?.into_iter().map(decimal).collect::<Result<_>>()?,
                not: matches!(self.filter.op, Op::Neq | Op::NotIn),
            },
            op @ (Op::Gt | Op::Gte | Op::Lt | Op::Lte) => Bound::Compare { op, value: decimal(self.single()?)? },
            Op::Between => {
                let (low, high) = self.pair()?;
                Bound::Between { low: decimal(low)?, high: decimal(high)? }
            }
            Op::Contains | Op::NotContains => return Err(self.misfit(Kind::Number)),
        })
    }

    fn null(&self) -> Result<bool> {
        match &self.filter.value {
            None | Some(Json::Null) => Ok(true),
            Some(Json::Bool(is)) => Ok(*is),
            Some(Json::String(text)) if text == "true" || text.is_empty() => Ok(true),
            Some(Json::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(self.bad("is_null takes true, false, or no value.".to_owned())),
        }
    }

    fn single(&self) -> Result<&Json> {
        match &self.filter.value {
            Some(value) if !value.is_array() && !value.is_object() && !value.is_null() => Ok(value),
            _ => Err(self.bad(format!("{} takes one value.", self.filter.op.id()))),
        }
    }

    /// One value for `eq` and `neq`, a list for `in` and `not_in`.
    fn values(&self) -> Result<Vec<&Json>> {
        if matches!(self.filter.op, Op::Eq | Op::Neq) {
            return Ok(vec![self.single()?]);
        }
        match &self.filter.value {
            Some(Json::Array(values)) if (1..=MOST_VALUES).contains(&values.len()) => Ok(values.iter().collect()),
            _ => Err(self.bad(format!("{} takes a list of 1 to {MOST_VALUES} values.", self.filter.op.id()))),
        }
    }

    fn pair(&self) -> Result<(&Json, &Json)> {
        match &self.filter.value {
            Some(Json::Array(values)) if values.len() == 2 => Ok((&values[0], &values[1])),
            _ => Err(self.bad("between takes a list of two values, both included.".to_owned())),
        }
    }

    fn text(&self, value: &Json) -> Result<String> {
        let text = plain(value).ok_or_else(|| self.bad(format!("\"{}\" takes text.", self.filter.dim)))?;
        if text.chars().count() > LONGEST_TEXT || text.contains('\0') {
            return Err(self.bad(format!("A text has at most {LONGEST_TEXT} characters and no NUL.")));
        }
        Ok(text)
    }

    fn bad(&self, reason: String) -> Error {
        Error::invalid_code("bad_filter", Some(&format!("{}.value", self.field)), reason)
    }

    fn misfit(&self, kind: Kind) -> Error {
        let fitting = match kind {
            Kind::Text | Kind::List => "eq, neq, in, not_in, contains, not_contains, is_null",
            Kind::Bool | Kind::Weekday => "eq, neq, in, not_in, is_null",
            Kind::Number | Kind::Date | Kind::Bucket => "eq, neq, in, not_in, gt, gte, lt, lte, between, is_null",
        };
        let reason = format!("{} does not fit \"{}\"; what fits is {fitting}.", self.filter.op.id(), self.filter.dim);
        Error::invalid_code("bad_filter", Some(&format!("{}.op", self.field)), reason)
    }
}

/// Text as it is, numbers as they are written.
fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// 1 = Monday to 7 = Sunday.
fn weekday(value: &Json) -> Option<i64> {
    let text = plain(value)?.to_lowercase();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let named = days.iter().position(|day| *day == text || text.len() == 3 && day.starts_with(&text));
    match named {
        Some(i) => i64::try_from(i + 1).ok(),
        None => text.parse().ok().filter(|n| (1..=7).contains(n)),
    }
}
