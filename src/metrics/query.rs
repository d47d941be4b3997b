//! The typed metric query: the only way to a figure. Unknown keys are an error; names are checked in `plan`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::attribution::AttributionModel;
use crate::metrics::written::FilterValue;

/// What is asked. Only `metrics` and `time` are required (`time` not for snapshot and cohort metrics).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Ids of the catalogue, at least one, at most 20.
    pub metrics: Vec<String>,
    /// Ids of the catalogue, in the order of the columns; at most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<String>,
    /// All must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// The window, half open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// One row a bucket of the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grain: Option<Grain>,
    /// What to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// How rows are sorted; ties are broken by the dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Rows a page, 1 to 10,000; 1,000 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Rows to leave out at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Which touch gets the credit; of effect on attributed metrics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution_model: Option<AttributionModel>,
    /// Settings of single metrics.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
}

/// A condition on a dimension (before summing) or on a metric (after summing).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Id of a dimension or of a metric.
    pub dim: String,
    /// How to compare.
    pub op: Op,
    /// What to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FilterValue>)]
    pub value: Option<serde_json::Value>,
}

/// How a filter compares. `neq`, `not_in` and `not_contains` keep rows that have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Neq,
    In,
    NotIn,
    Gt,
    Gte,
    Lt,
    Lte,
    /// Both ends included.
    Between,
    /// Part of the text, upper and lower case alike.
    Contains,
    NotContains,
    /// `value: false` asks for rows that have a value.
    IsNull,
}

impl Op {
    /// As it is written in a query.
    pub fn id(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Between => "between",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::IsNull => "is_null",
        }
    }

    /// Reads what `id` writes.
    pub fn parse(text: &str) -> Option<Self> {
        const ALL: [Op; 12] = [
            Op::Eq,
            Op::Neq,
            Op::In,
            Op::NotIn,
            Op::Gt,
            Op::Gte,
            Op::Lt,
            Op::Lte,
            Op::Between,
            Op::Contains,
            Op::NotContains,
            Op::IsNull,
        ];
        ALL.into_iter().find(|op| op.id() == text)
    }
}

/// A window: `start` and `end` (local days `YYYY-MM-DD`, or instants RFC 3339), or the name of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// First day or instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The day or instant after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// `today`, `yesterday`, `28d`, `4w`, `12m`, `wtd`, `mtd`, `qtd`, `ytd`, `last_week`, `last_month`, `last_quarter`, `last_year`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

/// The calendar's buckets, in the brand's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    /// As it is written in a query, and the name of its column.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Reads what `id` writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year].into_iter().find(|g| g.id() == text)
    }
}

/// What to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    pub to: CompareTo,
    /// Weekday on weekday (the default) or date on date.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
    /// First day of an explicit window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The day after the last of an explicit window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// With `attribution_model`: the model to compare with, over the same window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<AttributionModel>,
}

/// The names of comparisons; those that a query cannot make yet are refused with a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompareTo {
    PreviousPeriod,
    PreviousYear,
    Explicit,
    Target,
    Baseline,
    AverageOfPeriods,
    Entity,
    AttributionModel,
    Metric,
}

/// How days of two windows face each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// Monday on Monday.
    #[default]
    Dow,
    /// The 1st on the 1st.
    Date,
}

impl Matching {
    /// As it is written in a query.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dow => "dow",
            Self::Date => "date",
        }
    }
}

/// By which column rows are sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// A dimension or metric of the query, or `x.previous`, `x.change`, `x.change_pct`.
    pub by: String,
    /// `asc` where it is absent for a dimension, `desc` for a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<Dir>,
}

/// Up or down; rows without a value come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dir {
    Asc,
    Desc,
}

/// Settings of single metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Days of sales behind `days_of_cover` and `reorder_quantity`, 1 to 365; days before an order in which a touch counts, 1, 7,
    /// 14, 28 or 90. 28 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u16>,
    /// `repeat_rate`: the second order within so many days of the first, 1 to 3,650. `ltv`, `ltv_cac_ratio`: what came in within
    /// so many days of the first order, of the customers who have reached that age; to date where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<u16>,
    /// Touches count however long before the order they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<bool>,
    /// `time_decay`: days in which a touch loses half its weight, 1 to 365; 7 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<u16>,
    /// `position_based`: percent of the first, the middle and the last touch, 100 together; 40, 20, 40 where absent. Of two touches
    /// each has its own and half of the middle's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_weights: Option<[u8; 3]>,
    /// `markov`: touches that make up a state, 1 to 3; 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markov_order: Option<u8>,
    /// Which day a refund counts on, and attributed sales.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// `ltv`, `ltv_cac_ratio`: what is counted as a customer's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_basis: Option<ValueBasis>,
    /// The reporting currency of the brand; any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `reorder_quantity`, `low_stock`: days until an order arrives, 0 to 365; 14 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time_days: Option<u16>,
    /// `reorder_quantity`: days that the stock shall last after that, 0 to 365; 28 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover_days: Option<u16>,
}

impl Params {
    /// Nothing set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which day a refund counts on, and attributed sales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Its own.
    #[default]
    RefundDate,
    /// The order's; a refund whose order is not known keeps its own.
    OrderDate,
    /// Attributed sales count on the day of the touch that is credited (refunds on their own), what no touch explains on the
    /// order's.
    TouchDate,
}

/// What a customer is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueBasis {
    NetSales,
    /// Net sales less the cost of the goods; lines without a cost are left out.
    #[default]
    GrossProfit,
    /// The same less shipping, handling and payment fees as entered (CM2): before ad spend, which it is held against.
    ContributionMargin,
}

impl Query {
    /// A query of `metrics` over `time` and nothing else, to be widened by its fields.
    pub fn of(metrics: &[&str], time: Time) -> Self {
        Self {
            metrics: metrics.iter().map(|m| (*m).to_owned()).collect(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            time: Some(time),
            grain: None,
            compare: None,
            order: None,
            limit: None,
            offset: None,
            attribution_model: None,
            params: Params::default(),
        }
    }
}

impl Time {
    /// A named range.
    pub fn range(name: &str) -> Self {
        Self { range: Some(name.to_owned()), ..Self::default() }
    }

    /// Local days or instants, half open.
    pub fn between(start: impl ToString, end: impl ToString) -> Self {
        Self { start: Some(start.to_string()), end: Some(end.to_string()), range: None }
    }
}
