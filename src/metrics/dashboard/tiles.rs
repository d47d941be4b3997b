//! The tiles: a figure, what it was before, and its line.

use serde_json::Value as Json;

use super::board::{Board, Tables};
use super::shape::{Direction, Kpi, KpiPoint, Tone};
use crate::metrics::answer::Table;
use crate::metrics::catalogue::{GoodWhen, Metric, Unit};
use crate::metrics::exact::Exact;
use crate::metrics::figure::{json, step};
use crate::metrics::plan::{Asked, Plan};
use crate::money::Currency;

/// Below half a percent a figure has not moved.
const FLAT_BELOW: (i128, i128) = (5, 1_000);

/// One tile. Its figure comes from the query over the whole window where there is one.
pub(super) fn tile(metric: &'static Metric, board: &Board, tables: &Tables<'_>, currency: Currency) -> Kpi {
    let figures = tables.whole.as_ref().or(tables.series.as_ref()).and_then(|table| find(table, metric));
    let asked = figures.map(|(asked, ..)| asked);
    let (now, before) = figures.map_or((None, None), |(_, now, before)| (now, before));
    let step = step(now, before);
    let shown = |value: Option<Exact>| asked.map_or(Json::Null, |asked| json(asked, value, currency));
    let direction = direction(now, before);
    Kpi {
        id: metric.id.clone(),
        label: metric.label.clone(),
        unit: metric.unit,
        currency: (metric.unit == Unit::Money).then(|| currency.to_string()),
        formula: metric.formula.clone(),
        good_when: metric.good_when,
        value: shown(now),
        previous: shown(before),
        change: shown(step.change),
        change_pct: step.change_pct.map(|pct| pct.text(6)),
        direction,
        tone: tone(direction, metric.good_when),
        partial: board.partial(),
        series: tables.series.as_ref().map(|table| line(table, metric, currency)).unwrap_or_default(),
        notes: notes(metric, tables),
    }
}

fn find<'a>(table: &'a Table<'_>, metric: &Metric) -> Option<(&'a Asked, Option<Exact>, Option<Exact>)> {
    let (index, asked) = position(table.plan(), metric)?;
    let (now, before) = table.totals().figures(index);
    Some((asked, now, before))
}

fn position<'a>(plan: &'a Plan, metric: &Metric) -> Option<(usize, &'a Asked)> {
    plan.metrics.iter().enumerate().find(|(_, asked)| asked.metric.id == metric.id)
}

fn line(table: &Table<'_>, metric: &Metric, currency: Currency) -> Vec<KpiPoint> {
    let plan = table.plan();
    let Some((index, asked)) = position(plan, metric) else { return Vec::new() };
    let points = table.lines().map(|row| {
        let (now, before) = row.figures(index);
        let t = match row.key(0) {
            Json::String(label) => label,
            _ => String::new(),
        };
        KpiPoint { t, value: json(asked, now, currency), previous: json(asked, before, currency) }
    });
    points.collect()
}

/// The notes that concern this tile.
fn notes(metric: &Metric, tables: &Tables<'_>) -> Vec<String> {
    let Some(table) = tables.whole.as_ref().or(tables.series.as_ref()) else { return Vec::new() };
    let about_cost = metric.id == "contribution_margin";
    let concerns = |code: &str| match code {
        "lines_without_cost" | "costs_not_entered" => about_cost,
        "rows_without_rate" | "mixed_currency" => metric.unit == Unit::Money,
        "ads_by_day" => metric.formula(false).measures().any(|m| m == crate::metrics::facts::Measure::Spend),
        _ => false,
    };
    table.notes().into_iter().filter(|note| concerns(&note.code)).map(|note| note.text).collect()
}

/// Up, down or hardly moved; from 0 any step is one.
pub(super) fn direction(now: Option<Exact>, before: Option<Exact>) -> Option<Direction> {
    let step = step(now, before);
    let change = step.change?;
    let moved = match step.change_pct {
        Some(pct) => Exact::new(FLAT_BELOW.0, FLAT_BELOW.1).is_some_and(|least| pct.abs() >= least),
        None => change.sign().is_ne(),
    };
    Some(match (moved, change.sign()) {
        (false, _) => Direction::Flat,
        (true, std::cmp::Ordering::Less) => Direction::Down,
        (true, _) => Direction::Up,
    })
}

fn tone(direction: Option<Direction>, good_when: GoodWhen) -> Tone {
    match (direction, good_when) {
        (Some(Direction::Up), GoodWhen::Up) | (Some(Direction::Down), GoodWhen::Down) => Tone::Good,
        (Some(Direction::Up), GoodWhen::Down) | (Some(Direction::Down), GoodWhen::Up) => Tone::Bad,
        _ => Tone::Neutral,
    }
}
