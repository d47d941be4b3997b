//! The tables below the chart: channels, products, stock, customers.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::board::Tables;
use super::shape::{AdFigures, CampaignRow, ChannelRow, CustomerPoint, Customers, ProductRow, StockRow};
use crate::metrics::adding_up::adding_up;
use crate::metrics::answer::{Line, Table};
use crate::metrics::exact::Exact;
use crate::metrics::facts::Measure;
use crate::metrics::figure::{figure, step, text};
use crate::metrics::plan::{Frame, Plan};
use crate::metrics::run::Sums;
use crate::money::Currency;

/// Whose claim conversions and revenue of the channel table are.
pub(super) const CLAIMED: &str = "Conversions and revenue are claimed by the platforms.";
/// Campaigns shown of a channel: those that spent most.
const MOST_CAMPAIGNS: usize = 20;

/// The channel table and its total. Rows come sorted by what they spent.
pub(super) fn channels(table: Option<&Table<'_>>, currency: Currency) -> (Vec<ChannelRow>, Option<AdFigures>) {
    let Some(table) = table else { return (Vec::new(), None) };
    let (all, all_before) = table.totals().sums();
    let shown = Ads { plan: table.plan(), currency, all };
    let mut sums: BTreeMap<String, (Sums, Sums, Vec<CampaignRow>)> = BTreeMap::new();
    for line in table.lines() {
        let (now, before) = line.sums();
        let (channel, campaign) = (plain(line.key(0)), plain(line.key(1)));
        let group = sums.entry(channel.unwrap_or_default()).or_default();
        group.0.add(now);
        group.1.add(before);
        group.2.push(CampaignRow { campaign: campaign.unwrap_or_default(), figures: shown.figures(now, before) });
    }
    let mut groups: Vec<_> = sums.into_iter().collect();
    let size = |sums: &Sums| (sums.get(Measure::Spend), sums.get(Measure::CreditedSales));
    groups.sort_by_key(|(_, (now, ..))| std::cmp::Reverse(size(now)));
    let given: Option<Vec<Exact>> =
        groups.iter().map(|(_, (now, ..))| shown.value("attributed_revenue", now)).collect();
    let names: Vec<String> = groups.iter().map(|(channel, _)| channel.clone()).collect();
    let rows = groups.into_iter().map(|(channel, (now, before, mut campaigns))| {
        let campaigns_truncated = campaigns.len() > MOST_CAMPAIGNS;
        campaigns.truncate(MOST_CAMPAIGNS);
        ChannelRow { channel, figures: shown.figures(&now, &before), campaigns, campaigns_truncated }
    });
    let mut rows: Vec<ChannelRow> = rows.collect();
    if let Some((given, whole)) = given.zip(shown.value("attributed_revenue", all)) {
        for (row, text) in rows.iter_mut().zip(adding_up(&names, &given, whole, currency.decimals())) {
            row.figures.attributed_revenue = Some(text);
        }
    }
    (rows, Some(shown.figures(all, all_before)))
}

struct Ads<'a> {
    plan: &'a Plan,
    currency: Currency,
    all: &'a Sums,
}

impl Ads<'_> {
    fn value(&self, id: &str, sums: &Sums) -> Option<Exact> {
        let asked = self.plan.metrics.iter().find(|a| a.metric.id == id)?;
        figure(asked, sums, 0)
    }

    fn shown(&self, id: &str, sums: &Sums) -> Option<String> {
        let asked = self.plan.metrics.iter().find(|a| a.metric.id == id)?;
        Some(text(asked.metric, figure(asked, sums, 0)?, self.currency))
    }

    fn count(&self, id: &str, sums: &Sums) -> i64 {
        self.value(id, sums).and_then(|v| i64::try_from(v.rounded()).ok()).unwrap_or(0)
    }

    fn figures(&self, now: &Sums, before: &Sums) -> AdFigures {
        let (spend, all) = (self.value("ad_spend", now), self.value("ad_spend", self.all));
        let compared = self.plan.previous.is_some();
        let earlier = if compared { self.value("ad_spend", before) } else { None };
        AdFigures {
            ad_spend: self.shown("ad_spend", now),
            impressions: self.count("impressions", now),
            clicks: self.count("clicks", now),
            platform_conversions: self.shown("platform_conversions", now),
            platform_reported_revenue: self.shown("platform_reported_revenue", now),
            platform_roas: self.shown("platform_roas", now),
            cpc: self.shown("cpc", now),
            attributed_revenue: self.shown("attributed_revenue", now),
            attributed_orders: self.shown("attributed_orders", now),
            attributed_roas: self.shown("attributed_roas", now),
            share: spend.zip(all).and_then(|(part, all)| part.over(all)).map(|share| share.text(6)),
            ad_spend_change_pct: step(spend, earlier).change_pct.map(|pct| pct.text(6)),
        }
    }
}

/// A line with its metrics by name.
struct Named<'a> {
    line: &'a Line<'a>,
    plan: &'a Plan,
    currency: Currency,
}

impl Named<'_> {
    fn pair(&self, id: &str) -> (Option<Exact>, Option<Exact>) {
        let index = self.plan.metrics.iter().position(|a| a.metric.id == id);
        index.map_or((None, None), |i| self.line.figures(i))
    }

    fn text(&self, id: &str) -> Option<String> {
        let asked = self.plan.metrics.iter().find(|a| a.metric.id == id)?;
        Some(text(asked.metric, self.pair(id).0?, self.currency))
    }

    fn count(&self, id: &str) -> i64 {
        self.pair(id).0.and_then(|v| i64::try_from(v.rounded()).ok()).unwrap_or(0)
    }
}

/// The product list.
pub(super) fn products(table: Option<&Table<'_>>, currency: Currency) -> Vec<ProductRow> {
    let Some(table) = table else { return Vec::new() };
    let rows = table.lines().map(|line| {
        let named = Named { line: &line, plan: table.plan(), currency };
        let (now, before) = named.pair("net_sales");
        ProductRow {
            product: plain(line.key(0)),
            units_sold: named.count("units_sold"),
            net_sales: named.text("net_sales"),
            net_sales_change_pct: step(now, before).change_pct.map(|pct| pct.text(6)),
            gross_margin: named.text("gross_margin"),
            refund_rate: named.text("refund_rate"),
        }
    });
    rows.collect()
}

/// The stock list, and the day at whose end it was counted.
pub(super) fn inventory(table: Option<&Table<'_>>, frame: &Frame) -> (Vec<StockRow>, Option<String>) {
    let Some(table) = table else { return (Vec::new(), None) };
    let rows: Vec<StockRow> = table
        .lines()
        .map(|line| {
            let named = Named { line: &line, plan: table.plan(), currency: frame.currency };
            StockRow {
                product: plain(line.key(0)),
                sku: plain(line.key(1)),
                size: plain(line.key(2)),
                warehouse: None,
                inventory_on_hand: named.count("inventory_on_hand"),
                days_of_cover: named.text("days_of_cover"),
                projected_stockout_date: plain(line.key(4)),
                low_stock: line.key(3) == Json::Bool(true),
                reorder_quantity: named.count("reorder_quantity"),
            }
        })
        .collect();
    let as_of = (!rows.is_empty()).then(|| frame.calendar.last_day(&table.plan().current.window).to_string());
    (rows, as_of)
}

/// New and returning customers, and what they bought.
pub(super) fn customers(tables: &Tables<'_>, currency: Currency) -> Customers {
    let (Some(people), Some(sales)) = (&tables.customers, &tables.by_type) else {
        return Customers {
            new_customers: None,
            returning_customers: None,
            new_sales: None,
            returning_sales: None,
            series: Vec::new(),
        };
    };
    let mut by_bucket: BTreeMap<(String, bool), Sums> = BTreeMap::new();
    let (mut new, mut returning) = (Sums::default(), Sums::default());
    for line in sales.lines() {
        let (Some(t), Some(kind)) = (plain(line.key(0)), plain(line.key(1))) else { continue };
        let is_new = kind == "new";
        if is_new { &mut new } else { &mut returning }.add(line.sums().0);
        by_bucket.entry((t, is_new)).or_default().add(line.sums().0);
    }
    let asked = &sales.plan().metrics[0];
    let worth = |sums: &Sums| figure(asked, sums, 0).map(|value| text(asked.metric, value, currency));
    let none = Sums::default();
    let grain = people.plan().current.buckets.values().next();
    let buckets = grain.map(|b| b.all.as_slice()).unwrap_or_default();
    let series = people.lines().zip(buckets).map(|(line, bucket)| {
        let named = Named { line: &line, plan: people.plan(), currency };
        let sold = |is_new| worth(by_bucket.get(&(bucket.label.clone(), is_new)).unwrap_or(&none));
        CustomerPoint {
            t: bucket.label.clone(),
            partial: bucket.partial,
            new_customers: named.count("new_customers"),
            returning_customers: named.count("returning_customers"),
            new_sales: sold(true),
            returning_sales: sold(false),
        }
    });
    let totals = people.totals();
    let named = Named { line: &totals, plan: people.plan(), currency };
    Customers {
        new_customers: Some(named.count("new_customers")),
        returning_customers: Some(named.count("returning_customers")),
        new_sales: worth(&new),
        returning_sales: worth(&returning),
        series: series.collect(),
    }
}

fn plain(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        Json::Null => None,
        other => Some(other.to_string()),
    }
}
