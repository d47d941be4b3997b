//! Ad performance per ad and day, as the platforms report it: with claims that together exceed what the ads can have done.

use anyhow::Context;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    basket::part,
    calendar,
    draw::{Draw, Stream},
    people::World,
    shop::{Account, Campaign},
};
use crate::{
    commerce::rows::{AdAccount, AdDay, AdScope, AdWindow},
    error::Result,
};

const CENT: i64 = 10_000;

/// The days of one account: how many there are by "now" in its own zone, and how much of the last has passed.
pub(super) struct AdClock {
    /// The account's today, counted from the shop's first day.
    pub today: i64,
    passed_ppm: i64,
}

impl AdClock {
    pub(super) fn new(world: &World, account: &Account) -> Result<Self> {
        let zone = TimeZone::get(&account.timezone).context("an ad account's time zone")?;
        let now = Timestamp::from_second(world.calendar.now).context("the demo's now")?.to_zoned(zone);
        let start = now.start_of_day().context("an ad account's day")?;
        let end = start.tomorrow().context("an ad account's day")?;
        let seconds = |a: Timestamp, b: Timestamp| b.as_second() - a.as_second();
        let passed = seconds(start.timestamp(), now.timestamp());
        let passed_ppm = part(1_000_000, passed, seconds(start.timestamp(), end.timestamp()).max(1));
        Ok(Self { today: world.calendar.day(now.date()), passed_ppm })
    }
}

/// All rows of an account on `first..=last` (days since the shop's first), up to the account's today.
pub(super) fn window(world: &World, account: usize, clock: &AdClock, first: i64, last: i64) -> Option<AdWindow> {
    let (first, last) = (first.max(0), last.min(clock.today));
    if first > last {
        return None;
    }
    let one = &world.shop.accounts[account];
    let ads = ads(world, account);
    let mut rows = Vec::new();
    for day in first..=last {
        let passed = if day == clock.today { clock.passed_ppm } else { 1_000_000 };
        rows.extend(ads.iter().filter_map(|ad| ad.on(world, account, day, passed)));
    }
    let replaces = AdScope::Days { first: world.calendar.date(first), last: world.calendar.date(last) };
    let account = AdAccount {
        channel: one.channel.clone(),
        external_id: one.external_id.clone(),
        name: one.name.clone(),
        currency: one.currency,
        timezone: one.timezone.clone(),
    };
    Some(AdWindow { account, replaces, from_api: true, rows })
}

// One ad, or an ad set where the platform shows no ads.
struct Ad<'a> {
    number: u64,
    key: String,
    campaign: &'a Campaign,
    adset: &'a str,
    name: Option<&'a str>,
    share_ppm: i64,
    quality: Quality,
}

// Thousandths of the campaign's own figures: some ads are better than others and stay so.
struct Quality {
    ctr: i64,
    cvr: i64,
}

fn ads<'a>(world: &World<'a>, account: usize) -> Vec<Ad<'a>> {
    let one = &world.shop.accounts[account];
    let mut ads = Vec::new();
    for (c, campaign) in one.campaigns.iter().enumerate() {
        let from = ads.len();
        for (s, set) in campaign.adsets.iter().enumerate() {
            let names: Vec<Option<&str>> =
                if set.ads.is_empty() { vec![None] } else { set.ads.iter().map(|n| Some(n.as_str())).collect() };
            for (a, name) in names.into_iter().enumerate() {
                let number = ((account * 100 + c) * 100 + s) as u64 * 100 + a as u64;
                let mut draw = Draw::new(world.seed, Stream::AdQuality, number);
                let path = [c, s, a].map(|n| n + 1);
                ads.push(Ad {
                    number,
                    key: format!(
                        "{0}{1:02}/{0}{1:02}{2:02}/{0}{1:02}{2:02}{3:02}",
                        one.external_id, path[0], path[1], path[2]
                    ),
                    campaign,
                    adset: &set.name,
                    name,
                    share_ppm: draw.between(500, 1_500),
                    quality: Quality { ctr: draw.between(820, 1_180), cvr: draw.between(700, 1_300) },
                });
            }
        }
        let all: i64 = ads[from..].iter().map(|ad| ad.share_ppm).sum();
        for ad in &mut ads[from..] {
            ad.share_ppm = ad.share_ppm * 1_000_000 / all;
        }
    }
    ads
}

/// The shop's ordinary ad budget of a day in cents of its currency: as much as the expected newcomers are worth, with only half
/// of each sale's peak, for budgets rise less than demand.
pub(super) fn budget(world: &World, date: Date) -> i64 {
    let expected = calendar::growth(&world.shop.growth, date) * calendar::year_milli(date) / 1_000;
    let damped = (calendar::event_milli(date) + 1_000) / 2;
    let years_ppm = 1_000_000 + world.calendar.day(date) * 80_000 / 365;
    part(world.shop.acquisition_cost * expected / 1_000 * damped / 1_000, years_ppm, 1_000_000)
}

impl Ad<'_> {
    fn on(&self, world: &World, account: usize, day: i64, passed_ppm: i64) -> Option<AdDay> {
        let one = &world.shop.accounts[account];
        let date = world.calendar.date(day);
        let runs = calendar::within(self.campaign.period, date) && self.campaign.from.is_none_or(|from| from <= date);
        if !runs || world.plan.is_stopped(account, day) {
            return None;
        }
        let mut draw = Draw::new(world.seed, Stream::AdDay, self.number * 100_000 + day as u64);
        let mut noisy = |amount: i64, percent: i64| amount * (100_000 + draw.bell() * percent) / 100_000;
        let event = calendar::event_milli(date);
        let spend = part(budget(world, date) * self.campaign.share / 1_000, self.share_ppm, 1_000_000);
        let spend = part(noisy(spend, 9).max(0), passed_ppm, 1_000_000);
        let dearer = 1_000 + (event - 1_000) / 4 + (calendar::year_milli(date) - 1_000).max(0) / 2;
        let cpm = self.campaign.cpm * dearer / 1_000;
        let impressions = noisy(spend * 1_000 / cpm.max(1), 5).max(0);
        let ctr = noisy(self.campaign.ctr_ppm * self.quality.ctr / 1_000, 7);
        let cvr = noisy(self.campaign.cvr_ppm * self.quality.cvr / 1_000, 8) * (event + 1_000).min(3_800) / 2_000;
        let basket = noisy(self.campaign.basket, 9);
        let clicks = draw.whole(impressions * ctr / 1_000).min(impressions);
        let cvr = cvr * self.sellable(world, day) / 1_000;
        // Google splits a conversion over several clicks; the others count whole ones.
        let conversions_milli =
            if one.channel == "google" { clicks * cvr / 10_000 * 10 } else { draw.whole(clicks * cvr / 1_000) * 1_000 }
                .min(clicks * 1_000);
        Some(AdDay {
            key: self.key.clone(),
            campaign: self.campaign.name.clone(),
            adset: Some(self.adset.to_owned()),
            ad: self.name.map(str::to_owned),
            day: date,
            spend_micros: spend * CENT,
            impressions,
            clicks,
            conversions_micros: conversions_milli * 1_000,
            revenue_micros: part(conversions_milli, basket, 1_000) * CENT,
        })
    }

    // What of the campaign's demand can be met while the product it advertises is sold out.
    fn sellable(&self, world: &World, day: i64) -> i64 {
        let mut milli = 1_000;
        for (i, product) in world.shop.products.iter().enumerate() {
            if product.campaigns.contains(&self.campaign.name) && world.plan.is_out(i, day) {
                milli = 180;
            }
        }
        milli
    }
}

/// What an account spent on `first..=last`: micros of its currency.
pub(super) fn spend(world: &World, account: usize, first: i64, last: i64) -> i64 {
    let ads = ads(world, account);
    (first..=last)
        .flat_map(|day| ads.iter().filter_map(move |ad| ad.on(world, account, day, 1_000_000)))
        .map(|row| row.spend_micros)
        .sum()
}
