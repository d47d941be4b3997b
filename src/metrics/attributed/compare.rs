//! Models side by side: credits from the journeys, spend and claims from the ads, by channel.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Asked;
use super::shape::{Attribution, ChannelByModel, ChannelFigures, Given as Shown};
use crate::attribution::{self, AttributionModel, Column, Given, Interval, Lookback};
use crate::error::{Error, Result};
use crate::metrics::adding_up::adding_up;
use crate::metrics::answer::{Table, WindowShown};
use crate::metrics::credited::{self, Single};
use crate::metrics::exact::Exact;
use crate::metrics::facts::Measure;
use crate::metrics::known::Known;
use crate::metrics::notes::Note;
use crate::metrics::plan::{Frame, Plan};
use crate::metrics::query::Query;
use crate::metrics::run::{Sums, gather};
use crate::metrics::sql::roles;
use crate::tenants::Tenant;

/// Micros × 10^12 become billionths of a unit.
const TO_BILLIONTHS: i128 = 1_000_000_000;
const UNATTRIBUTED: &str = "unattributed";

/// What every model gives every channel.
///
/// # Errors
/// Those of a window and of what models are told; `Unavailable` when the warehouse is busy.
pub async fn compare(tenant: &Tenant, known: &Known, asked: &Asked, now: Timestamp) -> Result<Attribution> {
    let frame = known.frame(now);
    let (spec, resolved) = asked.spec(known, &frame)?;
    let (models, drawn) = (asked.models.clone(), asked.intervals);
    let ledger = attribution::with_ledger(tenant, spec.brand_id, move |reading, _| {
        let ledger = reading.ledger();
        let intervals =
            if drawn { attribution::intervals(ledger, &spec, &models).ok_or_else(too_many)? } else { Vec::new() };
        Ok((ledger.channels.clone(), reading.side_by_side(&spec, &models), intervals))
    });
    let ((names, columns, intervals), version) = ledger.await?;
    let ads = ads(tenant, &frame, asked).await?;
    let side = Side { models: &asked.models, columns: &columns, intervals: &intervals, frame: &frame };
    let notes = vec![Note {
        code: "attribution".to_owned(),
        text: "Models share out the sales of the window; none proves what caused them. Platforms claim for themselves, and several \
               may claim the same order."
            .to_owned(),
    }];
    Ok(Attribution {
        brand: known.shown(),
        window: WindowShown::of(&resolved, &frame.calendar),
        models: asked.models.clone(),
        window_days: days(spec.tuning.lookback),
        channels: side.channels(&names, &ads.by_channel),
        total: side.total(&ads.all),
        notes,
        freshness: known.freshness(version),
    })
}

fn too_many() -> Error {
    let reason = format!(
        "Intervals are drawn from at most {} touches: ask for a shorter window, or for fewer days before an order.",
        attribution::MOST_TOUCHES_DRAWN
    );
    Error::invalid_code("too_many", Some("intervals"), reason)
}

/// The click window in days.
pub fn days(lookback: Lookback) -> Option<u16> {
    match lookback {
        Lookback::Days(days) => Some(days),
        Lookback::Lifetime => None,
    }
}

struct Ads {
    by_channel: BTreeMap<String, Sums>,
    all: Sums,
}

async fn ads(tenant: &Tenant, frame: &Frame, asked: &Asked) -> Result<Ads> {
    let metrics = ["ad_spend", "platform_conversions", "platform_reported_revenue"];
    let query = Query { dimensions: vec!["channel".to_owned()], ..Query::of(&metrics, asked.time.clone()) };
    let mut single = Single(Plan::new(&query, frame.clone())?.of_few_groups());
    let (found, _) = credited::read(tenant, &mut single).await?;
    let Single(plan) = single;
    let table = Table::new(&plan, gather(&roles(&plan), found));
    let name = |key: serde_json::Value| key.as_str().unwrap_or_default().to_owned();
    let by_channel = table.lines().map(|line| (name(line.key(0)), line.sums().0.clone())).collect();
    Ok(Ads { by_channel, all: table.totals().sums().0.clone() })
}

struct Side<'a> {
    models: &'a [AttributionModel],
    columns: &'a [Column],
    /// By model and channel; none where they are not wanted.
    intervals: &'a [Vec<Interval>],
    frame: &'a Frame,
}

impl Side<'_> {
    /// A row for every channel that has touches or ads, and one for what no touch explains.
    fn channels(&self, names: &[String], ads: &BTreeMap<String, Sums>) -> Vec<ChannelByModel> {
        let mut rows: Vec<(String, Option<usize>)> =
            names.iter().enumerate().map(|(at, name)| (name.clone(), Some(at))).collect();
        rows.extend(ads.keys().filter(|name| !names.contains(name)).map(|name| (name.clone(), None)));
        let first = |at: Option<usize>| at.and_then(|at| self.columns.first()?.get(at)).map_or(0, net);
        rows.sort_by(|a, b| first(b.1).cmp(&first(a.1)).then(a.0.cmp(&b.0)));
        rows.push((UNATTRIBUTED.to_owned(), Some(names.len())));
        let places: Vec<Option<usize>> = rows.iter().map(|(_, at)| *at).collect();
        let shown: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
        let money: Vec<Vec<String>> = self.columns.iter().map(|column| self.money(column, &shown, &places)).collect();
        let none = Sums::default();
        rows.into_iter()
            .enumerate()
            .map(|(row, (channel, at))| {
                let sums = ads.get(&channel).unwrap_or(&none);
                let given = self
                    .columns
                    .iter()
                    .zip(&money)
                    .map(|(column, money)| (at.map_or_else(Given::default, |at| column[at]), money[row].clone()));
                ChannelByModel { figures: self.figures(at, given, sums), channel }
            })
            .collect()
    }

    fn total(&self, ads: &Sums) -> ChannelFigures {
        let given = self.columns.iter().map(|column| {
            let all = sum(column);
            let money = revenue(&all).map_or_else(String::new, |value| value.text(self.decimals()));
            (all, money)
        });
        self.figures(None, given, ads)
    }

    fn decimals(&self) -> u32 {
        self.frame.currency.decimals()
    }

    /// The revenue of every row, rounded so that they add up to the whole.
    fn money(&self, column: &Column, names: &[String], places: &[Option<usize>]) -> Vec<String> {
        let of = |at: &Option<usize>| at.and_then(|at| revenue(&column[at])).unwrap_or(Exact::whole(0));
        let values: Vec<Exact> = places.iter().map(of).collect();
        let whole = revenue(&sum(column)).unwrap_or(Exact::whole(0));
        adding_up(names, &values, whole, self.decimals())
    }

    /// Micros as they are shown, low and high, of a model and channel.
    fn interval(&self, model: usize, channel: Option<usize>) -> (Option<String>, Option<String>) {
        let found = channel.and_then(|at| self.intervals.get(model)?.get(at));
        let shown = |micros: f64| crate::money::format_micros(micros.round() as i128, self.decimals());
        found.map_or((None, None), |(low, high)| (Some(shown(*low)), Some(shown(*high))))
    }

    fn figures(
        &self,
        channel: Option<usize>,
        given: impl Iterator<Item = (Given, String)>,
        ads: &Sums,
    ) -> ChannelFigures {
        let sum = |measure| ads.get(measure).unwrap_or(0);
        let (spend, claimed) = (sum(Measure::Spend), sum(Measure::Claimed));
        let text = |micros: i128, decimals| crate::money::format_micros(micros, decimals);
        let by_model = given.zip(self.models).enumerate().map(|(at, ((given, revenue_shown), model))| Shown {
            model: *model,
            revenue_low: self.interval(at, channel).0,
            revenue_high: self.interval(at, channel).1,
            orders: billionths(given.orders * 1_000_000).map_or_else(String::new, |orders| orders.text(6)),
            revenue: revenue_shown,
            roas: revenue(&given)
                .zip(Exact::new(spend, 1_000_000))
                .and_then(|(all, spend)| Some(all.over(spend)?.text(6))),
        });
        ChannelFigures {
            ad_spend: text(spend, self.decimals()),
            platform_conversions: text(sum(Measure::Conversions), 2),
            platform_reported_revenue: text(claimed, self.decimals()),
            platform_roas: Exact::new(claimed, spend).map(|roas| roas.text(6)),
            by_model: by_model.collect(),
        }
    }
}

fn net(given: &Given) -> i128 {
    given.sales - given.refunds
}

fn sum(column: &Column) -> Given {
    column.iter().fold(Given::default(), |all, given| Given {
        orders: all.orders + given.orders,
        sales: all.sales + given.sales,
        refunds: all.refunds + given.refunds,
    })
}

/// As the compiler's SQL rounds: sales and refunds each to billionths.
fn revenue(given: &Given) -> Option<Exact> {
    Some(billionths(given.sales)?.minus(billionths(given.refunds)?))
}

fn billionths(value: i128) -> Option<Exact> {
    Exact::new((value + TO_BILLIONTHS / 2) / TO_BILLIONTHS, 1_000_000_000)
}
