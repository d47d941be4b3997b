//! The demo's rows as its sources would land them: the catalogue first, then the shop quarter by quarter, then the ads.

use jiff::civil::Date;

use super::{
    ads::{self, AdClock},
    basket::{Reason, Return, Sale, part},
    calendar::{Calendar, days_between},
    journeys,
    people::World,
    shop::Shop,
    stock::{Ledger, variant_ref},
};
use crate::{
    commerce::{
        rows::{Batch, CustomerRef, Order, OrderLine, Product, Refund, RefundLine, UnitCost, Variant, VariantRef},
        visits::Hit,
    },
    error::Result,
};

const CENT: i64 = 10_000;
const QUARTER: usize = 91;

/// A batch and the connector it comes through.
#[derive(Debug, Clone)]
pub struct Landing {
    /// `shopify`, `meta_ads`, `google_ads` or `tiktok_ads`.
    pub connector: String,
    /// What lands in one transaction.
    pub batch: Batch,
    /// What the shop's own pages told, of its last weeks.
    pub visits: Vec<Hit>,
}

enum Piece {
    Catalogue,
    Shop { first: usize, last: usize },
    Ads { account: usize, first: i64, last: i64 },
}

/// A shop's whole past as simulated once, and the rows of it that were known by "now".
pub(super) struct History<'a> {
    pub world: World<'a>,
    pub sales: Vec<Sale>,
    ledger: Ledger,
    clocks: Vec<AdClock>,
}

impl<'a> History<'a> {
    pub(super) fn simulate(shop: &'a Shop, seed: u64, now: jiff::Timestamp) -> Result<Self> {
        let world = World::new(shop, seed, Calendar::new(shop.first_day, &shop.timezone, now)?);
        let sales = world.sales();
        let ledger = Ledger::keep(&world, &sales);
        let clocks = shop.accounts.iter().map(|account| AdClock::new(&world, account)).collect::<Result<_>>()?;
        Ok(Self { world, sales, ledger, clocks })
    }

    /// Everything that changed on `since` or later; without it, everything.
    pub(super) fn landings(self, since: Option<Date>) -> impl Iterator<Item = Landing> {
        let first = since.map_or(0, |since| days_between(self.world.shop.first_day, since).max(0));
        let mut pieces = vec![Piece::Catalogue];
        let days = usize::try_from(self.world.calendar.today + 1).unwrap_or(0);
        let mut from = usize::try_from(first).unwrap_or(0);
        while from < days {
            let until = ((from / QUARTER + 1) * QUARTER).min(days);
            pieces.push(Piece::Shop { first: from, last: until - 1 });
            from = until;
        }
        for (account, clock) in self.clocks.iter().enumerate() {
            if first <= clock.today {
                pieces.push(Piece::Ads { account, first, last: clock.today });
            }
        }
        pieces.into_iter().filter_map(move |piece| self.land(&piece))
    }

    fn land(&self, piece: &Piece) -> Option<Landing> {
        let shopify = "shopify".to_owned();
        match *piece {
            Piece::Catalogue if self.world.calendar.today < 0 => None,
            Piece::Catalogue => Some(Landing { connector: shopify, batch: self.catalogue(), visits: Vec::new() }),
            Piece::Shop { first, last } => {
                Some(Landing { connector: shopify, batch: self.quarter(first, last), visits: self.visits(first, last) })
            }
            Piece::Ads { account, first, last } => {
                let window = ads::window(&self.world, account, &self.clocks[account], first, last)?;
                let connector = self.world.shop.accounts[account].connector.clone();
                Some(Landing { connector, batch: Batch { ads: vec![window], ..Batch::default() }, visits: Vec::new() })
            }
        }
    }

    fn catalogue(&self) -> Batch {
        let (world, shop) = (&self.world, self.world.shop);
        let mut batch = Batch::default();
        for (i, item) in shop.products.iter().enumerate() {
            let price = world.plan.prices_on(shop, i, world.calendar.today)[0] * CENT;
            let variant = |v: &super::shop::Variant| Variant {
                sku: Some(v.sku.clone()),
                title: Some(v.title.clone()),
                size: v.size.clone(),
                price: Some((price, shop.stores[0].currency)),
            };
            batch.products.push(Product {
                key: item.key.clone(),
                source_id: None,
                title: item.title.clone(),
                category: Some(item.category.clone()),
                vendor: Some(item.vendor.clone()),
                collections: item.collections.clone(),
                variants: item.variants.iter().map(variant).collect(),
            });
            self.costs(i, &mut batch.costs);
        }
        batch
    }

    // What a unit costs, from the shop's first day and from every change that has come into force.
    fn costs(&self, product: usize, costs: &mut Vec<UnitCost>) {
        let (world, shop) = (&self.world, self.world.shop);
        let item = &shop.products[product];
        let mut steps = vec![(shop.first_day, item.cost)];
        for change in &shop.cost_changes {
            let meant = change.products.is_empty() || change.products.contains(&item.key);
            if let Some((_, cost)) = steps.last().copied()
                && meant
                && world.calendar.day(change.day) <= world.calendar.today
            {
                steps.push((change.day, part(cost, 1_000_000 + change.change_ppm, 1_000_000)));
            }
        }
        for variant in 0..item.variants.len() {
            costs.extend(steps.iter().map(|(from_day, cost)| UnitCost {
                variant: variant_ref(world, product, variant),
                from_day: *from_day,
                cost_micros: cost * CENT,
                currency: shop.currency,
            }));
        }
    }

    fn quarter(&self, first: usize, last: usize) -> Batch {
        let from = self.sales.partition_point(|s| s.day < first);
        let until = self.sales.partition_point(|s| s.day <= last);
        let mut batch = Batch::default();
        for sale in self.sales[from..until].iter().filter(|s| s.at <= self.world.calendar.now) {
            let back = sale.back.as_ref().filter(|back| back.at <= self.world.calendar.now);
            batch.orders.push(self.order(sale, back));
            batch.journeys.extend(journeys::journey(&self.world, sale));
            batch.refunds.extend(back.map(|back| self.refund(sale, back)));
        }
        batch.stock = self.ledger.levels(&self.world, first as i64, last as i64);
        batch
    }

    fn visits(&self, first: usize, last: usize) -> Vec<Hit> {
        let now_ms = self.world.calendar.now.saturating_mul(1_000);
        let mut hits = Vec::new();
        for day in first..=last {
            let from = self.sales.partition_point(|s| s.day < day);
            let until = self.sales.partition_point(|s| s.day <= day);
            hits.extend(journeys::visits(&self.world, day as i64, &self.sales[from..until]));
        }
        hits.retain(|hit| hit.at_ms <= now_ms);
        hits
    }

    fn order(&self, sale: &Sale, back: Option<&Return>) -> Order {
        let (world, shop) = (&self.world, self.world.shop);
        let place = &world.places[sale.place];
        let store = &shop.stores[place.store];
        let cancelled_at = sale.cancelled_at.filter(|at| *at <= world.calendar.now);
        let fulfilled = cancelled_at.is_none() && !sale.test && sale.fulfilled_at <= world.calendar.now;
        let mut lines: Vec<OrderLine> = sale.lines.iter().map(|line| self.line(line, fulfilled)).collect();
        lines.extend(sale.gift_card.zip(shop.gift_card.as_ref()).map(|(cents, title)| OrderLine {
            variant: VariantRef { sku: None, title: title.clone() },
            quantity: 1,
            fulfilled_quantity: i64::from(fulfilled),
            price_micros: cents * CENT,
            discount_micros: 0,
            tax_micros: 0,
            gift_card: true,
        }));
        let all_back = |back: &Return| back.lines.len() == sale.lines.len();
        Order {
            external_id: sale.id.to_string(),
            name: Some(format!("{}{}", store.order_prefix, sale.number)),
            store: Some(store.name.clone()),
            customer: Some(self.customer(sale)),
            currency: store.currency,
            placed_at: sale.at,
            cancelled_at,
            test: sale.test,
            financial_status: Some(
                match back {
                    Some(back) if all_back(back) => "refunded",
                    Some(_) => "partially_refunded",
                    None => "paid",
                }
                .to_owned(),
            ),
            fulfillment_status: fulfilled.then(|| "fulfilled".to_owned()),
            sales_source: Some(sale.source.to_owned()),
            device: Some(sale.device.to_owned()),
            country: Some(place.country.to_owned()),
            region: Some(place.region.to_owned()),
            city: Some(place.city.to_owned()),
            discount_codes: sale.code.map(|c| shop.codes[c].code.clone()).into_iter().collect(),
            shipping_micros: sale.shipping * CENT,
            shipping_discount_micros: if sale.shipping_free { sale.shipping * CENT } else { 0 },
            tax_micros: sale.lines.iter().map(|l| l.tax).sum::<i64>() * CENT,
            tip_micros: 0,
            duty_micros: 0,
            total_micros: Some(sale.total() * CENT),
            gateway: Some(if sale.id % 6 == 0 { "paypal" } else { "shopify_payments" }.to_owned()),
            lines,
        }
    }

    fn line(&self, line: &super::basket::Line, fulfilled: bool) -> OrderLine {
        OrderLine {
            variant: variant_ref(&self.world, line.product, line.variant),
            quantity: line.quantity,
            fulfilled_quantity: if fulfilled { line.quantity } else { 0 },
            price_micros: line.price * CENT,
            discount_micros: line.discount * CENT,
            tax_micros: line.tax * CENT,
            gift_card: false,
        }
    }

    fn customer(&self, sale: &Sale) -> CustomerRef {
        CustomerRef::Email(format!("shopper{}@{}", sale.customer, self.world.shop.mail_domain))
    }

    fn refund(&self, sale: &Sale, back: &Return) -> Refund {
        let shop = self.world.shop;
        let place = &self.world.places[sale.place];
        let store = &shop.stores[place.store];
        let lines = back.lines.iter().map(|i| &sale.lines[*i]);
        let reasons = &shop.refund_reasons;
        let reason = match back.reason {
            Reason::Fit(i) => &reasons.fit[i],
            Reason::Other(i) => &reasons.other[i],
            Reason::Wave(i) => &reasons.wave[i],
            Reason::Cancelled => &reasons.cancelled,
        };
        Refund {
            external_id: (sale.id + 500_000_000_000).to_string(),
            order: Some(sale.id.to_string()),
            store: Some(store.name.clone()),
            customer: Some(self.customer(sale)),
            currency: store.currency,
            refunded_at: back.at,
            day_estimated: false,
            reason: Some(reason.clone()),
            country: Some(place.country.to_owned()),
            shipping_micros: if back.with_shipping && !sale.shipping_free { sale.shipping * CENT } else { 0 },
            tax_micros: lines.clone().map(|l| l.tax).sum::<i64>() * CENT,
            lines: lines
                .map(|line| RefundLine {
                    variant: Some(variant_ref(&self.world, line.product, line.variant)),
                    quantity: line.quantity,
                    goods_micros: (line.price * line.quantity - line.discount) * CENT,
                })
                .collect(),
        }
    }
}
