//! Insights: what is asked for, and a page of it.

use serde_json::{Value, json};

use super::super::ads::{Account, Figures, Today};
use super::super::exchange::{JSON, Reply};
use super::super::text;
use super::Call;
use super::errors::Failure;
use super::paging::{begin, limit, names, paging};
use super::rows::{Field, Row, Shape};

/// Months that insights are kept.
const KEPT: i64 = 37;

/// What is summed up in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Account,
    Campaign,
    Group,
    Ad,
}

/// A question that was read.
#[derive(Debug, Clone)]
pub struct Question {
    pub level: Level,
    /// Days, both included.
    pub days: (i64, i64),
    /// Days of a row; none for all in one.
    pub step: Option<i64>,
    pub shape: Shape,
    /// Only these campaigns, ad sets or ads.
    only: Vec<u64>,
}

fn param<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Reads the parameters of insights.
pub fn read(params: &[(String, String)], today: Today) -> Result<Question, Failure> {
    let invalid = |what: &str| Failure::new(100, format!("(#100) {what}"));
    let level = match param(params, "level").unwrap_or("account") {
        "account" => Level::Account,
        "campaign" => Level::Campaign,
        "adset" => Level::Group,
        "ad" => Level::Ad,
        other => {
            return Err(invalid(&format!(
                "level must be one of the following values: ad, adset, campaign, account, not {other}"
            )));
        }
    };
    if let Some(breakdowns) = param(params, "breakdowns").filter(|text| !names(text).is_empty()) {
        return Err(invalid(&format!("the simulator has no breakdowns: {breakdowns}")));
    }
    let step = match param(params, "time_increment").unwrap_or("all_days") {
        "all_days" => None,
        days => Some(
            days.parse()
                .ok()
                .filter(|days| (1..=90).contains(days))
                .ok_or_else(|| invalid("time_increment is out of range"))?,
        ),
    };
    let days = range(params, today)?;
    let mut fields = Vec::new();
    for name in names(param(params, "fields").unwrap_or("impressions,spend")) {
        match Field::named(&name) {
            Some(field) => fields.push(field),
            None => {
                let help = "please check https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values";
                return Err(invalid(&format!("{name} is not valid for fields param. {help}")));
            }
        }
    }
    let windows = names(param(params, "action_attribution_windows").unwrap_or_default());
    let only = param(params, "filtering").map(ids).unwrap_or_default();
    Ok(Question { level, days, step, shape: Shape { fields, windows }, only })
}

/// Ids of a filter such as `[{"field":"campaign.id","operator":"IN","value":["1"]}]`.
fn ids(filtering: &str) -> Vec<u64> {
    let filters: Vec<Value> = serde_json::from_str(filtering).unwrap_or_default();
    let by_id = filters.iter().filter(|filter| filter["field"].as_str().is_some_and(|field| field.ends_with(".id")));
    let values = by_id.filter_map(|filter| filter["value"].as_array()).flatten();
    values.filter_map(|id| id.as_str()?.parse().ok()).collect()
}

fn range(params: &[(String, String)], today: Today) -> Result<(i64, i64), Failure> {
    let invalid = || Failure::new(100, "(#100) param time_range must be an object with since and until.");
    let days = match (param(params, "time_range"), param(params, "date_preset")) {
        (Some(text), _) => {
            let range: Value = serde_json::from_str(text).map_err(|_| invalid())?;
            let day = |name: &str| range[name].as_str().and_then(text::read_day).ok_or_else(invalid);
            (day("since")?, day("until")?)
        }
        (None, Some("today")) => (today.day, today.day),
        (None, Some("yesterday")) => (today.day - 1, today.day - 1),
        (None, Some("last_7d")) => (today.day - 7, today.day - 1),
        (None, Some("maximum")) => (today.day - KEPT * 30, today.day),
        (None, _) => (today.day - 30, today.day - 1),
    };
    if days.0 > days.1 {
        return Err(Failure::new(100, "(#100) Start date must be before the end date."));
    }
    if days.0 < today.day - KEPT * 365 / 12 {
        let message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date";
        return Err(Failure::new(3018, message));
    }
    Ok((days.0, days.1.min(today.day)))
}

/// The things that rows are about at a level: how many.
fn width(account: &Account, level: Level) -> usize {
    match level {
        Level::Account => 1,
        Level::Campaign => account.campaigns.len(),
        Level::Group => account.groups.len(),
        Level::Ad => account.ads.len(),
    }
}

impl Question {
    /// The days of the row at `place` days-wise.
    fn span(&self, place: i64) -> (i64, i64) {
        match self.step {
            None => self.days,
            Some(step) => {
                let since = self.days.0 + place * step;
                (since, (since + step - 1).min(self.days.1))
            }
        }
    }

    fn spans(&self) -> i64 {
        let days = (self.days.1 - self.days.0 + 1).max(0);
        self.step.map_or(i64::from(days > 0), |step| (days + step - 1) / step)
    }

    /// The figures of thing `at` over some days; none where there is no row.
    fn sum(&self, call: &Call<'_>, account: &Account, at: usize, days: (i64, i64), today: Today) -> Option<Figures> {
        let belongs = |place: usize| {
            let ad = &account.ads[place];
            let inside = match self.level {
                Level::Account => true,
                Level::Campaign => ad.campaign == at,
                Level::Group => ad.group == at,
                Level::Ad => place == at,
            };
            let ids = [ad.id, account.groups[ad.group].id, account.campaigns[ad.campaign].id];
            inside && (self.only.is_empty() || ids.iter().any(|id| self.only.contains(id)))
        };
        let ads = if self.level == Level::Ad { at..at + 1 } else { 0..account.ads.len() };
        let mut sum: Option<Figures> = None;
        for ad in ads.filter(|ad| belongs(*ad)) {
            for day in days.0..=days.1 {
                if let Some(row) = call.world.ads.figures(account, ad, day, today) {
                    *sum.get_or_insert_default() += row;
                }
            }
        }
        sum
    }
}

/// A page of insights with these parameters, which a run may have kept.
pub fn page(call: &Call<'_>, account: &Account, params: &[(String, String)]) -> Result<Reply, Failure> {
    let today = account.today(call.world.now());
    let question = read(params, today)?;
    let width = width(account, question.level) as u64;
    let end = question.spans().unsigned_abs() * width;
    let mut place = begin(&call.params)?;
    let most = limit(&call.params);
    let mut body = b"{\"data\":[".to_vec();
    let (mut count, mut first, mut last, mut more) = (0, place, place, false);
    while place < end {
        let (days, at) = (question.span((place / width).cast_signed()), (place % width) as usize);
        if let Some(figures) = question.sum(call, account, at, days, today) {
            if count == most {
                more = true;
                break;
            }
            if count == 0 {
                first = place;
            } else {
                body.push(b',');
            }
            let row = Row { account, level: question.level, at, days, figures, shape: &question.shape };
            serde_json::to_writer(&mut body, &row).map_err(|error| Failure::new(1, error.to_string()))?;
            (count, last) = (count + 1, place);
        }
        place += 1;
    }
    body.push(b']');
    if count > 0 {
        body.extend_from_slice(
            format!(",\"paging\":{}", json!(paging(call, &call.params, (first, last), more))).as_bytes(),
        );
    }
    body.push(b'}');
    Ok(Reply::new(200, JSON, body))
}
