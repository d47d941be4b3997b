//! The address of a dashboard: what its parameters mean.

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::metrics::calendar::Calendar;
use crate::metrics::catalogue::Catalogue;
use crate::metrics::facts::Dim;
use crate::metrics::query::{AttributionModel, Compare, CompareTo, Filter, Grain, Matching, Op, Params, Time};

/// The range of a dashboard that names none.
pub const DEFAULT_RANGE: &str = "30d";
/// The metric of the main chart where none is named.
pub const DEFAULT_METRIC: &str = "net_sales";

/// A dashboard as asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The name of the range; `custom` with days of one's own.
    pub range: String,
    pub time: Time,
    pub compare: Option<Compare>,
    pub grain: Option<Grain>,
    pub metric: String,
    pub model: AttributionModel,
    /// What the model is told, and which day refunds and attributed sales count on.
    pub params: Params,
    pub filters: Vec<Filter>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            range: DEFAULT_RANGE.to_owned(),
            time: Time::range(DEFAULT_RANGE),
            compare: Some(to(CompareTo::PreviousPeriod, Matching::Dow)),
            grain: None,
            metric: DEFAULT_METRIC.to_owned(),
            model: AttributionModel::default(),
            params: Params::default(),
            filters: Vec::new(),
        }
    }
}

fn to(to: CompareTo, matching: Matching) -> Compare {
    Compare { to, matching: Some(matching), start: None, end: None, model: None }
}

#[derive(Default)]
struct Raw<'a> {
    range: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    cmp: Option<&'a str>,
    cmp_from: Option<&'a str>,
    cmp_to: Option<&'a str>,
    matching: Option<&'a str>,
    grain: Option<&'a str>,
    metric: Option<&'a str>,
    model: Option<&'a str>,
    window_days: Option<&'a str>,
    lifetime: Option<&'a str>,
    half_life_days: Option<&'a str>,
    position_weights: Option<&'a str>,
    markov_order: Option<&'a str>,
    basis: Option<&'a str>,
}

impl Ask {
    /// Reads the pairs of a query string.
    ///
    /// # Errors
    /// `Invalid` with the parameter at fault: unknown, given twice, or with a value that cannot be.
    pub fn read(pairs: &[(String, String)]) -> Result<Self> {
        let mut raw = Raw::default();
        let mut filters = Vec::new();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "f" => {
                    filters.push(filter(value)?);
                    continue;
                }
                "range" => &mut raw.range,
                "from" => &mut raw.from,
                "to" => &mut raw.to,
                "cmp" => &mut raw.cmp,
                "cmp_from" => &mut raw.cmp_from,
                "cmp_to" => &mut raw.cmp_to,
                "match" => &mut raw.matching,
                "grain" => &mut raw.grain,
                "metric" => &mut raw.metric,
                "model" => &mut raw.model,
                "window_days" => &mut raw.window_days,
                "lifetime" => &mut raw.lifetime,
                "half_life_days" => &mut raw.half_life_days,
                "position_weights" => &mut raw.position_weights,
                "markov_order" => &mut raw.markov_order,
                "basis" => &mut raw.basis,
                _ => return Err(bad(name, "There is no such parameter.")),
            };
            if place.replace(value).is_some() {
                return Err(bad(name, "It is given twice."));
            }
        }
        Self::from_raw(&raw, filters)
    }

    fn from_raw(raw: &Raw<'_>, filters: Vec<Filter>) -> Result<Self> {
        let (range, time) = match (raw.range, raw.from, raw.to) {
            (None, None, None) => (DEFAULT_RANGE.to_owned(), Time::range(DEFAULT_RANGE)),
            (None | Some("custom"), Some(from), Some(to)) => ("custom".to_owned(), Time::between(from, to)),
            (Some(name), None, None) if name != "custom" => (name.to_owned(), Time::range(name)),
            _ => {
                return Err(bad(
                    "range",
                    "A range of one's own (custom) takes both from and to; any other takes neither.",
                ));
            }
        };
        let matching = match raw.matching {
            None | Some("dow") => Matching::Dow,
            Some("date") => Matching::Date,
            Some(_) => return Err(bad("match", "It is dow or date.")),
        };
        let compare = match (raw.cmp, raw.cmp_from, raw.cmp_to) {
            (None | Some("prev"), None, None) => Some(to(CompareTo::PreviousPeriod, matching)),
            (Some("yoy"), None, None) => Some(to(CompareTo::PreviousYear, matching)),
            (Some("none"), None, None) => None,
            (Some("custom"), Some(from), Some(until)) => Some(Compare {
                start: Some(from.to_owned()),
                end: Some(until.to_owned()),
                ..to(CompareTo::Explicit, matching)
            }),
            _ => return Err(bad("cmp", "It is prev, yoy, none, or custom with cmp_from and cmp_to.")),
        };
        let grain = match raw.grain.map(|g| (g, Grain::parse(g))) {
            None => None,
            Some((_, Some(grain @ (Grain::Hour | Grain::Day | Grain::Week | Grain::Month)))) => Some(grain),
            Some(_) => return Err(bad("grain", "It is hour, day, week or month.")),
        };
        let metric = raw.metric.unwrap_or(DEFAULT_METRIC);
        let known = Catalogue::get().metric(metric).filter(|m| m.each.is_none());
        if known.is_none() {
            let hint = Catalogue::get().nearest_metric(metric).unwrap_or(DEFAULT_METRIC);
            return Err(Error::invalid_code(
                "unknown_metric",
                Some("metric"),
                format!("There is no such metric. Did you mean {hint}?"),
            ));
        }
        let model = match raw.model {
            None => AttributionModel::default(),
            Some(name) => {
                serde_json::from_value(Json::from(name)).map_err(|_| bad("model", "There is no such model."))?
            }
        };
        Ok(Self { range, time, compare, grain, metric: metric.to_owned(), model, params: raw.params()?, filters })
    }

    /// The grain asked for, or one that gives a readable number of points.
    pub fn grain_for(&self, calendar: &Calendar) -> Result<Grain> {
        if let Some(grain) = self.grain {
            return Ok(grain);
        }
        let days = calendar.resolve(&self.time)?.window.day_count();
        Ok(match days {
            ..=1 => Grain::Hour,
            2..=92 => Grain::Day,
            93..=400 => Grain::Week,
            _ => Grain::Month,
        })
    }
}

impl Raw<'_> {
    /// Ranges are looked at when the query is planned.
    fn params(&self) -> Result<Params> {
        let weights = |text: &str| -> Option<[u8; 3]> {
            let weights: Vec<u8> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
            weights.try_into().ok()
        };
        let basis = |name: &str| serde_json::from_value(Json::from(name)).ok();
        Ok(Params {
            window_days: parsed("window_days", self.window_days, "It is a number of days.", |text| text.parse().ok())?,
            lifetime: parsed("lifetime", self.lifetime, "It is true or false.", |text| text.parse().ok())?,
            half_life_days: parsed("half_life_days", self.half_life_days, "It is a number of days.", |text| {
                text.parse().ok()
            })?,
            position_weights: parsed(
                "position_weights",
                self.position_weights,
                "It is three numbers, as 40,20,40.",
                weights,
            )?,
            markov_order: parsed("markov_order", self.markov_order, "It is 1, 2 or 3.", |text| text.parse().ok())?,
            basis: parsed("basis", self.basis, "It is refund_date, order_date or touch_date.", basis)?,
            ..Params::default()
        })
    }
}

fn parsed<T>(name: &str, text: Option<&str>, reason: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    text.map(|text| parse(text).ok_or_else(|| bad(name, reason))).transpose()
}

/// `dim:op:value`; lists are separated by commas. The value may hold colons.
///
/// # Errors
/// `Invalid` where it is not of this form.
pub fn filter(text: &str) -> Result<Filter> {
    let mut parts = text.splitn(3, ':');
    let (dim, op) = (parts.next().unwrap_or_default(), parts.next().and_then(Op::parse));
    let value = parts.next();
    let known = Dim::parse(dim).is_some() || dim == "order_value";
    let Some(op) = op.filter(|_| known) else {
        return Err(bad("f", "A filter is dim:op:value, as country:eq:US or category:in:Home,Apparel."));
    };
    let value = match op {
        Op::In | Op::NotIn | Op::Between => value.map(|v| v.split(',').map(Json::from).collect()),
        _ => value.map(Json::from),
    };
    Ok(Filter { dim: dim.to_owned(), op, value })
}

fn bad(field: &str, reason: &str) -> Error {
    Error::invalid_code("bad_parameter", Some(field), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::query::Basis;

    fn read(text: &[(&str, &str)]) -> Result<Ask> {
        let pairs: Vec<_> = text.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Ask::read(&pairs)
    }

    #[test]
    fn an_address_without_parameters_is_the_default() {
        assert_eq!(read(&[]).expect("default"), Ask::default());
        let same = read(&[
            ("range", "30d"),
            ("cmp", "prev"),
            ("match", "dow"),
            ("model", "last_touch"),
            ("metric", "net_sales"),
        ]);
        assert_eq!(same.expect("the defaults, spelt out"), Ask::default());
    }

    #[test]
    fn reads_filters_with_colons_and_lists() {
        let ask = read(&[("f", "campaign:eq:a:b"), ("f", "country:in:US,GB")]).expect("filters");
        assert_eq!(ask.filters[0].value, Some(Json::from("a:b")));
        assert_eq!(ask.filters[1].value, Some(serde_json::json!(["US", "GB"])));
    }

    #[test]
    fn reads_what_models_are_told() {
        let ask =
            read(&[("window_days", "7"), ("position_weights", "30, 40,30"), ("basis", "touch_date")]).expect("told");
        let told = Params {
            window_days: Some(7),
            position_weights: Some([30, 40, 30]),
            basis: Some(Basis::TouchDate),
            ..Params::default()
        };
        assert_eq!(ask, Ask { params: told, ..Ask::default() });
    }

    #[test]
    fn refuses_what_cannot_be() {
        let cases: &[&[(&str, &str)]] = &[
            &[("nonsense", "1")],
            &[("range", "7d"), ("range", "28d")],
            &[("range", "7d"), ("from", "2026-01-01")],
            &[("range", "custom")],
            &[("cmp", "custom")],
            &[("cmp", "sometimes")],
            &[("grain", "year")],
            &[("metric", "order_value")],
            &[("metric", "'; drop table orders")],
            &[("model", "random")],
            &[("window_days", "soon")],
            &[("lifetime", "yes")],
            &[("half_life_days", "-1")],
            &[("position_weights", "50,50")],
            &[("position_weights", "40,20,40,0")],
            &[("markov_order", "first")],
            &[("basis", "never")],
            &[("f", "country")],
            &[("f", "net_sales:gt:3")],
        ];
        for case in cases {
            assert!(matches!(read(case), Err(Error::Invalid { .. })), "{case:?}");
        }
    }
}
