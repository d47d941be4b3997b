//! What has to be said beside figures: costs and rates that are missing, claims, converted currencies.

use serde::Serialize;
use utoipa::ToSchema;

use crate::attribution::{AttributionModel, Lookback};
use crate::metrics::facts::Measure;
use crate::metrics::plan::{Key, Plan};
use crate::metrics::query::Basis;
use crate::metrics::run::Sums;
use crate::money::format_micros;

/// A sentence beside figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// Stable.
    pub code: String,
    pub text: String,
}

fn note(code: &str, text: impl Into<String>) -> Note {
    Note { code: code.to_owned(), text: text.into() }
}

/// Which kinds of costs the figures are made of and nothing is counted for.
fn not_entered(plan: &Plan, totals: &Sums) -> Option<Note> {
    let kinds = [
        (Measure::ShippingCost, "shipping costs"),
        (Measure::HandlingCost, "handling"),
        (Measure::PaymentFees, "payment fees"),
        (Measure::Fixed, "fixed costs"),
    ];
    let asked = |measure| plan.metrics.iter().any(|a| a.formula.measures().any(|m| m == measure));
    let none = kinds.iter().filter(|(measure, _)| asked(*measure) && totals.get(*measure).unwrap_or(0) == 0);
    let names: Vec<&str> = none.map(|(_, name)| *name).collect();
    let text = format!("Nothing is entered for {}: they count 0.", names.join(", "));
    (!names.is_empty()).then(|| note("costs_not_entered", text))
}

/// Units whose cost is not known, or estimated.
fn unit_costs(plan: &Plan, totals: &Sums) -> Vec<Note> {
    let mut notes = Vec::new();
    let currency = plan.frame.currency;
    let count = |measure| totals.get(measure).unwrap_or(0);
    let asks = |id: &str| plan.metrics.iter().any(|a| a.metric.id == id);
    let uncosted = count(Measure::UncostedUnits);
    if uncosted > 0 {
        let sales = count(Measure::UncostedSales);
        let worth = if sales == 0 {
            String::new()
        } else {
            format!(" for {} {currency}", format_micros(sales, currency.decimals()))
        };
        let (left_out, as_zero) = (plan.metrics.iter().any(|a| a.metric.needs_cost), asks("contribution_margin"));
        let consequence = match (left_out, as_zero) {
            (true, true) => "gross profit and margin leave them out, contribution margin counts their cost as 0",
            (true, false) => "gross profit and margin leave them out",
            _ => "contribution margin counts their cost as 0",
        };
        notes.push(note("lines_without_cost", format!("{uncosted} units sold{worth} have no cost: {consequence}.")));
    }
    let estimated = count(Measure::EstimatedUnits);
    if estimated > 0 {
        let cost = format_micros(count(Measure::EstimatedCost), currency.decimals());
        let text = format!(
            "{estimated} units sold have no cost of their own: the brand's percentage of what was paid for them stands for it, {cost} {currency} in all."
        );
        notes.push(note("costs_estimated", text));
    }
    notes
}

/// The notes of a plan whose window has these totals.
pub fn notes(plan: &Plan, totals: &Sums) -> Vec<Note> {
    let mut notes = Vec::new();
    let currency = plan.frame.currency;
    let count = |measure| totals.get(measure).unwrap_or(0);
    let reads = |measure| plan.measures().any(|m| m == measure);
    notes.extend(unit_costs(plan, totals));
    notes.extend(not_entered(plan, totals));
    let unrated = [Measure::Unrated, Measure::RefundUnrated, Measure::AdsUnrated, Measure::FixedUnrated];
    let unrated = unrated.into_iter().map(count).sum::<i128>() + count(Measure::CostsUnrated);
    if unrated > 0 {
        let text = format!(
            "{unrated} rows have no exchange rate into {currency} within 7 days: they count, but their amounts are left out."
        );
        notes.push(note("rows_without_rate", text));
    }
    if count(Measure::Foreign) + count(Measure::RefundForeign) + count(Measure::AdsForeign) > 0 {
        let text = format!("Amounts in other currencies are converted into {currency} with the rate of their day.");
        notes.push(note("mixed_currency", text));
    }
    let claim = |measure| matches!(measure, Measure::Conversions | Measure::Claimed);
    if plan.metrics.iter().any(|a| a.formula.measures().any(claim)) {
        let text = "Conversions and revenue are claimed by each platform for itself; several may claim the same order.";
        notes.push(note("claimed", text));
    }
    if plan.resolved.partial && plan.previous.is_some() && reads(Measure::Spend) {
        let text = "Ads are known by whole days: the running day is compared with a whole one.";
        notes.push(note("ads_by_day", text));
    }
    notes.extend(credited(plan));
    let priced = count(Measure::StockPriced);
    if priced > 0 {
        notes.push(note("stock_at_price", format!("{priced} units have no cost and are valued at their price.")));
    }
    let unvalued = count(Measure::StockUnvalued);
    if unvalued > 0 {
        notes.push(note("stock_without_value", format!("{unvalued} units have neither cost nor price and count 0.")));
    }
    if plan.keys.iter().any(|k| matches!(k, Key::Dim(dim) if dim.is_list())) {
        let text = "A row may belong to several groups: the groups may add up to more than the total.";
        notes.push(note("overlapping_groups", text));
    }
    notes
}

/// By which model sales were credited, and what that means.
fn credited(plan: &Plan) -> Vec<Note> {
    let mut notes = Vec::new();
    if plan.metrics.iter().any(|a| a.metric.depends_on_journeys()) {
        let text = if plan.is_credited() {
            "ROAS is attributed revenue ÷ ad spend."
        } else {
            "ROAS is what the platforms claim ÷ ad spend: the brand has no journeys."
        };
        notes.push(note("roas_basis", text));
    }
    if !plan.is_credited() {
        return notes;
    }
    let window = match plan.settings.tuning.lookback {
        Lookback::Days(1) => "1 day".to_owned(),
        Lookback::Days(days) => format!("{days} days"),
        Lookback::Lifetime => "any time".to_owned(),
    };
    let [model, other] = plan.models.map(AttributionModel::label);
    let compared = if model == other { String::new() } else { format!(", compared with {other}") };
    let text = format!(
        "Sales are credited by the model {model}{compared} to touches within {window} before the order: a way to share them out, not a proof of \
         what caused them."
    );
    notes.push(note("attribution", text));
    if plan.models.iter().any(|model| model.is_fitted()) {
        let text = "Markov and Shapley share out the window as a whole: channels add up to it, the parts of one order, day or \
                    filter need not add up to that.";
        notes.push(note("attribution_fitted", text));
    }
    if plan.settings.basis == Basis::TouchDate {
        let text = "Attributed sales stand on the day of the touch: those of the last days are not complete.";
        notes.push(note("attribution_by_touch", text));
    }
    notes
}
