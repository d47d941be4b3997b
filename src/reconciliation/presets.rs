//! What other tools call sales, computed from the same rows by their definitions, and how far each is from ours.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use crate::brands::Brand;
use crate::error::Result;
use crate::metrics;
use crate::metrics::query::{Basis, Params, Query, Time};
use crate::money::{format_micros, parse_micros};
use crate::tenants::Tenant;

/// A figure of another tool.
struct Preset {
    who: &'static str,
    label: &'static str,
    /// In the words of the tool's own help, restated.
    formula: &'static str,
    metric: &'static str,
    basis: Basis,
}

const fn preset(
    who: &'static str,
    label: &'static str,
    formula: &'static str,
    metric: &'static str,
    basis: Basis,
) -> Preset {
    Preset { who, label, formula, metric, basis }
}

const OWN: Basis = Basis::RefundDate;
const ORDER: Basis = Basis::OrderDate;

const PRESETS: [Preset; 10] = [
    preset("Shopify", "Gross sales", "price × quantity, before discounts and refunds", "gross_sales", OWN),
    preset("Shopify", "Net sales", "gross sales − discounts − refunds on the day of the refund", "net_sales", OWN),
    preset("Shopify", "Total sales", "net sales + taxes + shipping", "total_sales", OWN),
    preset(
        "Triple Whale",
        "Order revenue",
        "gross sales − discounts + taxes + shipping, before refunds",
        "order_revenue",
        OWN,
    ),
    preset("Triple Whale", "Refunds, by order", "refunds of these orders, whenever they came", "refunds", ORDER),
    preset(
        "Triple Whale",
        "Net sales, by order",
        "gross sales − discounts − refunds of these orders",
        "net_sales",
        ORDER,
    ),
    preset("Triple Whale", "Total sales, by order", "order revenue − refunds of these orders", "total_sales", ORDER),
    preset("Polar", "Net sales", "gross sales − discounts − returns", "net_sales", OWN),
    preset("Polar", "Total sales", "net sales + taxes + shipping", "total_sales", OWN),
    preset("Polar", "Total sales before returns", "what its AOV divides by the orders", "order_revenue", OWN),
];

/// A figure of another tool, from our rows. Money is decimal text in the brand's currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PresetShown {
    who: &'static str,
    label: &'static str,
    formula: &'static str,
    /// The metric and basis of the typed query that answer it.
    metric: &'static str,
    basis: Basis,
    value: Option<String>,
    /// Less our net sales.
    difference: Option<String>,
}

/// All of them over a window, at `now`.
///
/// # Errors
/// As the typed query.
pub async fn presets(
    tenant: &Tenant,
    brand: &Brand,
    (time, net_sales): (&Time, i64),
    now: Timestamp,
) -> Result<Vec<PresetShown>> {
    let own = Found::of(tenant, brand, (time, OWN), now).await?;
    let by_order = Found::of(tenant, brand, (time, ORDER), now).await?;
    let decimals = brand.currency.decimals();
    let shown = PRESETS.iter().map(|preset| {
        let value = if preset.basis == OWN { own.value(preset.metric) } else { by_order.value(preset.metric) };
        let micros = value.as_deref().and_then(parse_micros);
        PresetShown {
            who: preset.who,
            label: preset.label,
            formula: preset.formula,
            metric: preset.metric,
            basis: preset.basis,
            difference: micros.map(|micros| format_micros(i128::from(micros) - i128::from(net_sales), decimals)),
            value,
        }
    });
    Ok(shown.collect())
}

/// What a query answered for the whole window.
struct Found {
    columns: Vec<String>,
    totals: Vec<Json>,
}

impl Found {
    async fn of(tenant: &Tenant, brand: &Brand, (time, basis): (&Time, Basis), now: Timestamp) -> Result<Self> {
        let mut metrics: Vec<String> = Vec::new();
        for preset in PRESETS.iter().filter(|preset| preset.basis == basis) {
            if !metrics.iter().any(|known| known == preset.metric) {
                metrics.push(preset.metric.to_owned());
            }
        }
        let params = Params { basis: Some(basis), ..Params::default() };
        let query = question(metrics, Vec::new(), time.clone(), params);
        let answer = metrics::run(tenant, brand, &query, now).await?;
        Ok(Self { columns: answer.columns, totals: answer.totals })
    }

    fn value(&self, metric: &str) -> Option<String> {
        let at = self.columns.iter().position(|column| column == metric)?;
        self.totals.get(at)?.as_str().map(str::to_owned)
    }
}

/// A plain question.
pub fn question(metrics: Vec<String>, dimensions: Vec<String>, time: Time, params: Params) -> Query {
    Query {
        metrics,
        dimensions,
        filters: Vec::new(),
        time: Some(time),
        grain: None,
        compare: None,
        order: None,
        limit: None,
        offset: None,
        attribution_model: None,
        params,
    }
}
