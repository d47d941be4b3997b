//! What happened in the demo shop of late, told for `demo --stories`: the answers that alerts and analyses are measured against.

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{
    ads,
    basket::part,
    landing::History,
    plan::{AdStop, Outage, PriceChange, RefundWave},
    shop::Shop,
};
use crate::{error::Result, money::format_micros};

/// How far back stories are told. Any such span holds each kind at least once.
pub const TOLD_DAYS: i64 = 120;

/// One thing that happened: when, to what, and how strongly. Days are the brand's; `end` is the first day after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Story {
    /// Slug of the brand.
    pub brand: String,
    /// Its first day.
    pub start: Date,
    /// The first day after it; absent where it lasts.
    pub end: Option<Date>,
    /// Not over by "now".
    pub ongoing: bool,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The same as a sentence.
    pub text: String,
}

/// Decimals are text: money with two places of the currency beside it, shares as fractions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A best seller was in no warehouse: it sold nothing, while its campaigns went on.
    StockOut {
        /// The product's title.
        product: String,
        /// Mean units a day over the 28 days before.
        units_per_day_before: String,
        /// Campaigns that went on spending on it.
        campaigns: Vec<String>,
    },
    /// An ad account delivered nothing: no spend, no impressions.
    AdStop {
        /// Platform.
        channel: String,
        /// Name of the account.
        account: String,
        /// Mean planned spend a day over the 14 days before, in `currency`.
        spend_per_day_before: String,
        /// The account's currency.
        currency: String,
        /// Fraction of new customers that stayed away meanwhile.
        newcomers_lost: String,
    },
    /// Of a product's units sold in some weeks, unusually many came back within the story's days.
    RefundWave {
        /// The product's title.
        product: String,
        /// The reason given.
        reason: String,
        /// Fraction of the units sold on these days that came back for this reason.
        share: String,
        /// Fraction that usually comes back.
        usual_share: String,
        /// First day of the sales concerned.
        sold_start: Date,
        /// First day after them.
        sold_end: Date,
    },
    /// A product's price changed and stayed.
    PriceChange {
        /// The product's title.
        product: String,
        /// Before and after in each store.
        prices: Vec<StorePrice>,
        /// Change in the first store, as a fraction.
        change: String,
    },
}

/// A price before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StorePrice {
    /// Name of the store.
    pub store: String,
    /// Its currency.
    pub currency: String,
    /// Price until the story's first day.
    pub before: String,
    /// Price from then on.
    pub after: String,
}

/// A shop's stories of the last [`TOLD_DAYS`] days before `now` that have begun, by date.
///
/// # Errors
/// A clock that reads beyond what calendars know.
pub fn stories(shop: &Shop, seed: u64, now: Timestamp) -> Result<Vec<Story>> {
    let history = History::simulate(shop, seed, now)?;
    let teller = Teller { shop, history: &history, today: history.world.calendar.today };
    let plan = &history.world.plan;
    let told = |first: i64| first > teller.today - TOLD_DAYS && first <= teller.today;
    let mut stories = Vec::new();
    stories.extend(plan.outages.iter().filter(|s| told(s.first)).map(|s| teller.outage(s)));
    stories.extend(plan.ad_stops.iter().filter(|s| told(s.first)).map(|s| teller.ad_stop(s)));
    stories.extend(plan.waves.iter().filter(|s| told(s.first)).map(|s| teller.wave(s)));
    stories.extend(plan.prices.iter().filter(|s| told(s.first)).map(|s| teller.price(s)));
    stories.sort_by_key(|story| story.start);
    Ok(stories)
}

struct Teller<'a> {
    shop: &'a Shop,
    history: &'a History<'a>,
    today: i64,
}

impl Teller<'_> {
    fn outage(&self, story: &Outage) -> Story {
        let item = &self.shop.products[story.product];
        let before = (story.first - 28).max(0)..story.first;
        let days = before.end - before.start;
        let units: i64 = self
            .history
            .sales
            .iter()
            .filter(|sale| !sale.test && before.contains(&(sale.day as i64)))
            .flat_map(|sale| &sale.lines)
            .filter(|line| line.product == story.product)
            .map(|line| line.quantity)
            .sum();
        let units = decimal(units * 1_000_000 / days.max(1), 1);
        let text = format!(
            "{} was out of stock everywhere: from about {units} units a day to none, while its campaigns ({}) went on spending.",
            item.title,
            item.campaigns.join(", ")
        );
        let event = Event::StockOut {
            product: item.title.clone(),
            units_per_day_before: units,
            campaigns: item.campaigns.clone(),
        };
        self.story(story.first, Some(story.until), event, &text)
    }

    fn ad_stop(&self, story: &AdStop) -> Story {
        let (world, account) = (&self.history.world, &self.shop.accounts[story.account]);
        let spent = ads::spend(world, story.account, story.first - 14, story.first - 1);
        let spend = decimal(spent / 14, 2);
        let lost = decimal(account.order_share_ppm, 2);
        let text = format!(
            "The {} account \"{}\" stopped: from about {spend} {} a day to nothing; about {} of new customers stayed away.",
            account.channel,
            account.name,
            account.currency,
            percent(account.order_share_ppm)
        );
        let event = Event::AdStop {
            channel: account.channel.clone(),
            account: account.name.clone(),
            spend_per_day_before: spend,
            currency: account.currency.to_string(),
            newcomers_lost: lost,
        };
        self.story(story.first, Some(story.until), event, &text)
    }

    fn wave(&self, story: &RefundWave) -> Story {
        let (calendar, item) = (&self.history.world.calendar, &self.shop.products[story.product]);
        let reason = &self.shop.refund_reasons.wave[story.reason];
        let (sold_start, sold_end) = (calendar.date(story.sold_first), calendar.date(story.sold_until));
        let text = format!(
            "{} came back unusually often: about {} of the units sold from {sold_start} to {} were refunded, \"{reason}\"; usual is {}.",
            item.title,
            percent(story.share_ppm),
            calendar.date(story.sold_until - 1),
            percent(item.refund_ppm)
        );
        let event = Event::RefundWave {
            product: item.title.clone(),
            reason: reason.clone(),
            share: decimal(story.share_ppm, 2),
            usual_share: decimal(item.refund_ppm, 3),
            sold_start,
            sold_end,
        };
        self.story(story.first, Some(story.until), event, &text)
    }

    fn price(&self, story: &PriceChange) -> Story {
        let item = &self.shop.products[story.product];
        let price = |cents: i64| decimal(cents * 10_000, 2);
        let prices: Vec<StorePrice> = (self.shop.stores.iter().zip(&story.before).zip(&story.after))
            .map(|((store, before), after)| StorePrice {
                store: store.name.clone(),
                currency: store.currency.to_string(),
                before: price(*before),
                after: price(*after),
            })
            .collect();
        let change = part(1_000_000, story.after[0] - story.before[0], story.before[0].max(1));
        let told: Vec<String> =
            prices.iter().map(|p| format!("{} from {} to {} {}", p.store, p.before, p.after, p.currency)).collect();
        let text = format!("The price of {} changed by {}: {}.", item.title, percent(change), told.join(", "));
        let event = Event::PriceChange { product: item.title.clone(), prices, change: decimal(change, 4) };
        self.story(story.first, None, event, &text)
    }

    fn story(&self, first: i64, until: Option<i64>, event: Event, text: &str) -> Story {
        let calendar = &self.history.world.calendar;
        let (start, end) = (calendar.date(first), until.map(|until| calendar.date(until)));
        let ongoing = until.is_some_and(|until| until > self.today);
        let span = match until {
            Some(until) => format!("{start} to {} ({} days)", calendar.date(until - 1), until - first),
            None => format!("since {start}"),
        };
        let open = if ongoing { " Not over yet." } else { "" };
        let text = format!("{span}: {text}{open}");
        Story { brand: self.shop.slug.clone(), start, end, ongoing, event, text }
    }
}

fn decimal(micros: i64, places: u32) -> String {
    format_micros(i128::from(micros), places)
}

fn percent(ppm: i64) -> String {
    format!("{} %", format_micros(i128::from(ppm) * 100, 0))
}
