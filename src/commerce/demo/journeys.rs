//! How the demo's buyers came, and who else looked around: a journey for every order of the web shop, and for the last weeks what the
//! shop's own pages told of it.

use super::{
    basket::Sale,
    calendar::{self, days_between},
    draw::{Draw, Stream},
    people::World,
};
use crate::commerce::Arrival;
use crate::commerce::rows::{Journey, Touch};
use crate::commerce::visits::{Hit, Kind};

/// Days before now of which visits are told: enough for a month's figures, and little enough to be landed at a start.
pub(super) const TOLD_DAYS: i64 = 35;
/// Looked around without buying, for each who bought.
const ONLOOKERS: i64 = 11;
// A customer's number holds the day that won them.
const A_DAY: u64 = 10_000;
const MINUTE_MS: i64 = 60_000;

#[derive(Clone, Copy)]
enum From {
    Meta,
    Google,
    TikTok,
    Email,
    Sms,
    Organic,
    Direct,
    Affiliate,
    Referral,
}

const WAYS: [From; 9] = [
    From::Meta,
    From::Google,
    From::TikTok,
    From::Email,
    From::Sms,
    From::Organic,
    From::Direct,
    From::Affiliate,
    From::Referral,
];
const NEWCOMERS: [i64; 9] = [290, 240, 120, 45, 10, 145, 95, 30, 25];
const REGULARS: [i64; 9] = [110, 130, 35, 320, 60, 90, 225, 15, 15];
const LOOKING: [i64; 9] = [330, 170, 140, 60, 15, 130, 110, 20, 25];
const SITES: [&str; 3] = ["cabinjournal.example", "slowliving.example", "giftlist.example"];
const PARTNERS: [&str; 2] = ["awin", "impact"];
const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];

/// How whoever placed an order came to it. Orders that somebody of the shop wrote, and those of other shops, have no journey.
pub(super) fn journey(world: &World, sale: &Sale) -> Option<Journey> {
    if !world.shop.journeys || sale.source != "web" || sale.test {
        return None;
    }
    let mut draw = Draw::new(world.seed, Stream::Journey, sale.customer * 4_096 + sale.day as u64);
    let is_new = sale.customer / A_DAY == sale.day as u64;
    let count = 1 + draw.weighted(&[36, 27, 17, 11, 6, 3]);
    let mut at = sale.at - draw.between(180, 1_500);
    let mut touches = Vec::with_capacity(count);
    for number in 0..count {
        let weights = if is_new { &NEWCOMERS } else { &REGULARS };
        let arrival = arrival(world, WAYS[draw.weighted(weights)], at, page(world, sale, &mut draw), &mut draw);
        touches.push(Touch { id: (count - number).to_string(), at_ms: at * 1_000, arrival });
        at -= draw.between(2_400, 350_000);
    }
    touches.reverse();
    Some(Journey { order: sale.id.to_string(), touches })
}

fn page(world: &World, sale: &Sale, draw: &mut Draw) -> String {
    match sale.lines.first().filter(|_| draw.chance(600_000)) {
        Some(line) => format!("/products/{}", world.shop.products[line.product].key),
        None => "/".to_owned(),
    }
}

fn arrival(world: &World, from: From, at: i64, page: String, draw: &mut Draw) -> Arrival {
    let landing_page = Some(page);
    let tagged = |source: &str, medium: &str, campaign: Option<&str>| Arrival {
        source: Some(source.to_owned()),
        medium: Some(medium.to_owned()),
        campaign: campaign.map(str::to_owned),
        landing_page: landing_page.clone(),
        ..Arrival::default()
    };
    let seen = |referrer: &str| Arrival {
        referrer: Some(referrer.to_owned()),
        landing_page: landing_page.clone(),
        ..Arrival::default()
    };
    let paid = |channel: &str, source: &str, medium: &str, click: &str, draw: &mut Draw| {
        let Some((campaign, adset, ad)) = ad(world, channel, at, draw) else {
            return Arrival { landing_page: landing_page.clone(), ..Arrival::default() };
        };
        let (term, content) = (Some(adset.to_owned()), ad.map(str::to_owned));
        Arrival { term, content, click_id: Some(click.to_owned()), ..tagged(source, medium, Some(campaign)) }
    };
    match from {
        From::Meta => {
            let source = if draw.chance(550_000) { "facebook" } else { "instagram" };
            paid("meta", source, "paid_social", "fbclid", draw)
        }
        From::Google => paid("google", "google", "cpc", "gclid", draw),
        From::TikTok => paid("tiktok", "tiktok", "paid_social", "ttclid", draw),
        From::Email => {
            let date = world.calendar.date(world.calendar.day_at(at));
            let spring = date.year() == 2026 && matches!((date.month(), date.day()), (4, 5..=25));
            let campaign = match draw.below(3) {
                _ if spring => "Spring Sale 2026",
                0 => "Abandoned Cart Flow",
                _ => "Welcome Flow",
            };
            tagged("klaviyo", "email", Some(campaign))
        }
        From::Sms => tagged("attentive", "sms", None),
        From::Organic => seen(if draw.chance(850_000) { "google.com" } else { "duckduckgo.com" }),
        From::Direct => Arrival { landing_page: landing_page.clone(), ..Arrival::default() },
        From::Affiliate => tagged(PARTNERS[draw.below(2) as usize], "affiliate", None),
        From::Referral => seen(SITES[draw.below(3) as usize]),
    }
}

/// Campaign, ad set and ad of a channel that ran at the time.
fn ad<'a>(world: &'a World, channel: &str, at: i64, draw: &mut Draw) -> Option<(&'a str, &'a str, Option<&'a str>)> {
    let day = world.calendar.day_at(at);
    let date = world.calendar.date(day);
    let ran = |campaign: &&super::shop::Campaign| {
        campaign.from.is_none_or(|from| days_between(from, date) >= 0) && calendar::within(campaign.period, date)
    };
    let accounts = world.shop.accounts.iter().enumerate();
    let open = accounts.filter(|(i, account)| account.channel == channel && !world.plan.is_stopped(*i, day));
    let campaigns: Vec<_> = open.flat_map(|(_, account)| &account.campaigns).filter(ran).collect();
    let weights: Vec<i64> = campaigns.iter().map(|campaign| campaign.share).collect();
    let campaign = campaigns.get(draw.weighted(&weights))?;
    let set = draw.pick(&campaign.adsets)?;
    Some((&campaign.name, &set.name, draw.pick(&set.ads).map(String::as_str)))
}

/// What the shop's pages told on a day: of those who bought on it, with all their visits up to it, and of those who only looked.
pub(super) fn visits(world: &World, day: i64, sales: &[Sale]) -> Vec<Hit> {
    let mut hits = Vec::new();
    if !world.shop.journeys || day <= world.calendar.today - TOLD_DAYS {
        return hits;
    }
    let bought = sales.iter().filter_map(|sale| Some((sale, journey(world, sale)?)));
    let mut buyers = 0;
    for (sale, journey) in bought {
        buyers += 1;
        bought_by(world, sale, &journey, &mut hits);
    }
    let mut draw = Draw::new(world.seed, Stream::Onlookers, day.unsigned_abs());
    let start = world.calendar.start(usize::try_from(day).unwrap_or(0));
    for number in 0..draw.count(buyers * ONLOOKERS * 1_000) {
        looked(world, (day, number), start + 18_000 + draw.below(66_000), &mut draw, &mut hits);
    }
    hits
}

fn bought_by(world: &World, sale: &Sale, journey: &Journey, hits: &mut Vec<Hit>) {
    let visitor = browser(1, sale.customer);
    let hit = |at_ms, kind, arrival: &Arrival| Hit {
        visitor,
        at_ms,
        kind,
        device: Some(sale.device),
        arrival: arrival.clone(),
        order: None,
    };
    let told_from = (world.calendar.now - TOLD_DAYS * 86_400) * 1_000;
    for touch in journey.touches.iter().filter(|touch| touch.at_ms >= told_from) {
        hits.push(hit(touch.at_ms, Kind::Page, &touch.arrival));
    }
    let Some(last) = journey.touches.last() else { return };
    let inside = Arrival { landing_page: last.arrival.landing_page.clone(), ..Arrival::default() };
    let placed = sale.at * 1_000;
    let span = (placed - last.at_ms).max(4);
    hits.push(hit(last.at_ms + span / 4, Kind::Product, &inside));
    hits.push(hit(last.at_ms + span / 2, Kind::AddToCart, &inside));
    hits.push(hit(last.at_ms + span * 3 / 4, Kind::Checkout, &inside));
    hits.push(Hit { order: Some(format!("id:{}", sale.id)), ..hit(placed + 1_000, Kind::Purchase, &inside) });
}

fn looked(world: &World, (day, number): (i64, i64), at: i64, draw: &mut Draw, hits: &mut Vec<Hit>) {
    let product = draw.pick(&world.shop.products).map(|product| format!("/products/{}", product.key));
    let page = product.filter(|_| draw.chance(450_000)).unwrap_or_else(|| "/".to_owned());
    let arrival = arrival(world, WAYS[draw.weighted(&LOOKING)], at, page.clone(), draw);
    let device = DEVICES[draw.weighted(&[690, 270, 40])];
    let visitor = browser(2, day.unsigned_abs() * 100_000 + number.unsigned_abs());
    let first = Hit { visitor, at_ms: at * 1_000, kind: Kind::Page, device: Some(device), arrival, order: None };
    let inside = Arrival { landing_page: Some(page), ..Arrival::default() };
    let later = |minutes: i64, kind| Hit {
        at_ms: first.at_ms + minutes * MINUTE_MS,
        kind,
        arrival: inside.clone(),
        ..first.clone()
    };
    if draw.chance(70_000) {
        hits.push(later(3, Kind::AddToCart));
        hits.extend(draw.chance(380_000).then(|| later(6, Kind::Checkout)));
    }
    hits.push(first);
}

/// What stands for the hash of a browser's id.
fn browser(kind: u8, number: u64) -> [u8; 16] {
    let mut key = [kind; 16];
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}
