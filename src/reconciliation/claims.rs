//! From our net sales to what the platforms claim: what no touch explains, what is credited to channels that claim nothing, and what is
//! claimed beside what we credit. Each is a question of its own; what does not add up in the end is shown as such.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::bridge::{Days, micros};
use super::credited::{Beside, Part, Parts, Pick, number_of};
use super::presets::question;
use crate::attribution::{self, AttributionModel, Spec, Tuning, Window};
use crate::error::Result;
use crate::metrics;
use crate::metrics::query::Params;
use crate::money::{Currency, format_micros, parse_micros};
use crate::tenants::Tenant;

const NOT_TIED: &str = "A platform tells sums by day and campaign, not orders: which orders it claims cannot be known. Behind this step \
    are its claims, each beside the orders that the model credits on that day and to that campaign. It also holds what only a platform \
    sees (views, clicks in an app) and, below zero, what it does not claim.";

/// From our net sales to the platforms' claims, in the brand's currency. Steps and rows are exact: with six decimals where a rate left
/// parts of a cent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlatformClaims)]
pub struct Claims {
    /// Who is credited with an order.
    model: AttributionModel,
    /// Days before an order in which a touch counts.
    window_days: u16,
    /// Added to our net sales one after the other they come to `total`.
    steps: Vec<ClaimStep>,
    /// What the model credits to the channels that claim: net sales and the first two steps.
    credited: String,
    channels: Vec<Claim>,
    /// The sum of the claims; several may claim the same order.
    total: String,
    /// What is claimed beyond our net sales: at least so much is claimed twice, or never sold. 0 where less is claimed.
    beyond_sales: String,
    /// The claims less net sales and all steps. Anything but 0 is a defect.
    residual: String,
}

/// A step between our net sales and the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStepId {
    /// Orders that no touch explains.
    Unattributed,
    /// Orders credited to channels that claim nothing.
    OtherChannels,
    /// Claims less what the claiming channels are credited with.
    DoubleClaims,
}

/// A step: added to what is above it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClaimStep {
    step: ClaimStepId,
    amount: String,
    /// How many orders are behind it; of double claims those that the claiming channels are credited with.
    orders: usize,
    /// Of double claims: days and campaigns with a claim or a credit.
    claims: Option<usize>,
    /// What of it cannot be tied to an order, and why.
    not_tied: Option<&'static str>,
}

/// One platform's claim.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlatformClaim)]
pub struct Claim {
    channel: String,
    revenue: String,
    /// What the model credits to it.
    credited: String,
    /// The claim less the credit.
    difference: String,
}

/// A claim beside the credit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ClaimBeside)]
pub struct ClaimRow {
    /// Of the claim the ad account's own day; of the credit the order's, or the refund's own.
    day: String,
    channel: String,
    /// Null where the touches name none.
    campaign: Option<String>,
    claimed: String,
    /// As the platform says; it may count in parts.
    conversions: String,
    credited: String,
    /// Orders credited, in whole or in part.
    orders: usize,
    difference: String,
}

/// What a model is asked about a window of days.
pub fn spec(days: &Days, model: AttributionModel) -> Spec {
    let window = Window { first: number_of(days.from), after: number_of(days.until), since: None, until: None };
    Spec {
        brand_id: days.brand.id,
        model,
        tuning: Tuning::default(),
        window,
        by_touch: false,
        refunds_by_order: false,
        every_touch: false,
        today: 0,
    }
}

/// Decimal text that loses nothing: a currency's own decimals, six where there are parts of its smallest coin.
pub fn exact(amount: i128, currency: Currency) -> String {
    let coin = 10_i128.pow(6 - currency.decimals().min(6));
    format_micros(amount, if amount % coin == 0 { currency.decimals() } else { 6 })
}

/// The walk from `net_sales`, in micros as every page shows them.
pub async fn claims(
    tenant: &Tenant,
    days: &Days,
    (net_sales, model): (i64, AttributionModel),
    now: Timestamp,
) -> Result<Claims> {
    let metrics = vec!["platform_reported_revenue".to_owned()];
    let query = question(metrics, vec!["channel".to_owned()], days.time(), Params::default());
    let answer = metrics::run(tenant, &days.brand, &query, now).await?;
    let total = micros(answer.totals.get(1));
    let told = answer.rows.iter().map(|row| (row[0].as_str().unwrap_or_default().to_owned(), micros(row.get(1))));
    let told: BTreeMap<String, i64> = told.collect();
    let spec = spec(days, model);
    let read = attribution::with_ledger(tenant, spec.brand_id, move |reading, conn| {
        Parts::of(conn, reading.ledger(), &spec, &Pick::default())
    });
    let (parts, _) = read.await?;
    Ok(shown(&parts, model, (net_sales, total), &told, days.brand.currency))
}

fn shown(
    parts: &Parts,
    model: AttributionModel,
    (net_sales, total): (i64, i64),
    told: &BTreeMap<String, i64>,
    currency: Currency,
) -> Claims {
    let sum = |part: Part| -> i128 { parts.group(part).values().map(|came| i128::from(came.amount)).sum() };
    let [unattributed, other, credited] = [Part::Unattributed, Part::OtherChannels, Part::Credited].map(sum);
    let claimed: i128 = parts.beside.values().map(|row| i128::from(row.claimed)).sum();
    let money = |amount: i128| format_micros(amount, currency.decimals());
    let cents = |amount: i128| i128::from(parse_micros(&money(amount)).unwrap_or(0));
    // Both ends as every page has them, against the same from the orders and from the claims themselves.
    let ours = i128::from(net_sales) - cents(unattributed + other + credited);
    let theirs = i128::from(total) - cents(claimed);
    let step = |step, part, amount: i128| ClaimStep {
        step,
        amount: exact(amount, currency),
        orders: parts.group(part).len(),
        claims: None,
        not_tied: None,
    };
    let double = ClaimStep {
        claims: Some(parts.beside.len()),
        not_tied: Some(NOT_TIED),
        ..step(ClaimStepId::DoubleClaims, Part::Credited, claimed - credited)
    };
    Claims {
        model,
        window_days: match Tuning::default().lookback {
            attribution::Lookback::Days(days) => days,
            attribution::Lookback::Lifetime => 0,
        },
        steps: vec![
            step(ClaimStepId::Unattributed, Part::Unattributed, -unattributed),
            step(ClaimStepId::OtherChannels, Part::OtherChannels, -other),
            double,
        ],
        credited: exact(credited, currency),
        channels: channels(parts, told, currency),
        total: money(total.into()),
        beyond_sales: money(i128::from(total.saturating_sub(net_sales).max(0))),
        residual: money(theirs - ours),
    }
}

/// Every channel that claims or is credited with something.
fn channels(parts: &Parts, told: &BTreeMap<String, i64>, currency: Currency) -> Vec<Claim> {
    let mut credited: BTreeMap<&str, i128> = BTreeMap::new();
    for ((_, channel, _), row) in &parts.beside {
        *credited.entry(channel).or_default() += i128::from(row.credited);
    }
    let names: BTreeSet<&str> = told.keys().map(String::as_str).chain(credited.keys().copied()).collect();
    let row = |channel: &str| {
        let (revenue, ours) = (told.get(channel).copied().unwrap_or(0), credited.get(channel).copied().unwrap_or(0));
        Claim {
            channel: channel.to_owned(),
            revenue: format_micros(revenue.into(), currency.decimals()),
            credited: exact(ours, currency),
            difference: exact(i128::from(revenue) - ours, currency),
        }
    };
    names.into_iter().map(row).collect()
}

/// The rows behind the double claims: what differs most first.
pub fn rows(parts: &Parts, (offset, limit): (usize, usize), currency: Currency) -> Vec<ClaimRow> {
    let mut rows: Vec<(&(i32, String, String), &Beside)> = parts.beside.iter().collect();
    rows.sort_by_key(|(key, row)| (std::cmp::Reverse((row.claimed - row.credited).unsigned_abs()), *key));
    let shown = rows.into_iter().skip(offset).take(limit).map(|((day, channel, campaign), row)| ClaimRow {
        day: super::credited::day_of(*day).to_string(),
        channel: channel.clone(),
        campaign: (!campaign.is_empty()).then(|| campaign.clone()),
        claimed: exact(row.claimed.into(), currency),
        conversions: if row.conversions % 1_000_000 == 0 {
            (row.conversions / 1_000_000).to_string()
        } else {
            format_micros(row.conversions.into(), 6)
        },
        credited: exact(row.credited.into(), currency),
        orders: row.orders.len(),
        difference: exact(i128::from(row.claimed) - i128::from(row.credited), currency),
    });
    shown.collect()
}
