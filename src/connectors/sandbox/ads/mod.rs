//! Ad accounts of all three platforms from one model: what each ad did on each day, as it is known at a moment.

mod figures;
pub mod totals;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Options;
use super::draw::{Draw, mix};
use super::text::DAY;
pub use figures::Figures;

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    Meta,
    TikTok,
    Google,
}

/// What a campaign is, where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    /// Google: has no ads of its own.
    PerformanceMax,
    /// TikTok: reported apart from everything else.
    GmvMax,
}

/// What became of a campaign or an ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Paused,
    /// Gone; what it did stays.
    Removed,
}

/// A campaign.
#[derive(Debug)]
pub struct Campaign {
    pub id: u64,
    pub name: String,
    pub kind: Kind,
    pub state: State,
}

/// An ad set, ad group.
#[derive(Debug)]
pub struct Group {
    pub id: u64,
    pub name: String,
    pub campaign: usize,
}

/// An ad.
#[derive(Debug)]
pub struct Ad {
    pub id: u64,
    pub name: String,
    pub group: usize,
    pub campaign: usize,
    pub state: State,
    /// Days on which it may run, the last one included.
    pub days: (i64, i64),
    /// What it spends on a usual day, in hundredths.
    daily: i64,
}

/// An ad account.
#[derive(Debug)]
pub struct Account {
    pub platform: Platform,
    pub number: u64,
    pub id: u64,
    pub name: String,
    pub currency: &'static str,
    pub zone: &'static str,
    timezone: TimeZone,
    pub campaigns: Vec<Campaign>,
    pub groups: Vec<Group>,
    pub ads: Vec<Ad>,
    /// The first day that has anything.
    pub first_day: i64,
    seed: u64,
}

/// All accounts, and what the control did to their figures.
#[derive(Debug)]
pub struct Ads {
    pub accounts: Vec<Account>,
    /// Thousandths that a day's conversions are multiplied by.
    restated: RwLock<HashMap<(u64, i64), i64>>,
}

/// The day it is in an account.
#[derive(Debug, Clone, Copy)]
pub struct Today {
    pub day: i64,
    /// Thousandths of it that have passed.
    pub passed: i64,
}

const PLACES: [(&str, &str); 3] = [("USD", "America/New_York"), ("EUR", "Europe/Berlin"), ("GBP", "Europe/London")];
const TIKTOK_PLACES: [(&str, &str); 3] =
    [("USD", "America/Los_Angeles"), ("EUR", "Europe/Berlin"), ("GBP", "Europe/London")];
const CAMPAIGNS: usize = 5;
const GROUPS: usize = 2;

impl Ads {
    pub fn new(options: &Options, now: i64) -> Self {
        let platforms = [Platform::Meta, Platform::TikTok, Platform::Google];
        let one = |platform| (0..options.accounts).map(move |number| Account::make(options, platform, number, now));
        Self { accounts: platforms.into_iter().flat_map(one).collect(), restated: RwLock::default() }
    }

    /// The platform's accounts.
    pub fn of(&self, platform: Platform) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |account| account.platform == platform)
    }

    pub fn find(&self, platform: Platform, id: u64) -> Option<&Account> {
        self.of(platform).find(|account| account.id == id)
    }

    /// Multiplies the conversions of an account's day.
    pub fn restate(&self, account: u64, day: i64, per_mille: i64) {
        self.restated.write().unwrap_or_else(PoisonError::into_inner).insert((account, day), per_mille);
    }

    /// What the control multiplies the conversions of an account's day by.
    pub fn factor(&self, account: u64, day: i64) -> i64 {
        let restated = self.restated.read().unwrap_or_else(PoisonError::into_inner);
        if restated.is_empty() { 1000 } else { restated.get(&(account, day)).copied().unwrap_or(1000) }
    }
}

impl Account {
    fn make(options: &Options, platform: Platform, number: u64, now: i64) -> Self {
        let places = if platform == Platform::TikTok { &TIKTOK_PLACES } else { &PLACES };
        let (currency, zone) = places[(number % 3) as usize];
        let (id, label) = match platform {
            Platform::Meta => (522_606_278_080_331 + number * 1001, "Meta"),
            Platform::TikTok => (7_012_345_678_901_234_567 + number * 1001, "TikTok"),
            Platform::Google => (4_815_162_342 + number * 1001, "Google"),
        };
        let seed = mix(options.seed ^ mix(id));
        let first_day = now.div_euclid(DAY) - options.days;
        let mut account = Self {
            platform,
            number,
            id,
            name: format!("{label} account {}", number + 1),
            currency,
            zone,
            // Names of the bundled database.
            timezone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
            campaigns: Vec::new(),
            groups: Vec::new(),
            ads: Vec::new(),
            first_day,
            seed,
        };
        account.fill(options.ads, options.days);
        account
    }

    /// Ids as large as the platform's.
    fn base(&self) -> u64 {
        match self.platform {
            Platform::Meta => 120_210_000_000_000_000 + self.number * 100_000_000,
            Platform::TikTok => 1_780_000_000_000_000_000 + self.number * 100_000_000,
            Platform::Google => 11_000_000_000 + self.number * 100_000_000,
        }
    }

    fn fill(&mut self, ads: u64, days: i64) {
        let base = self.base();
        let per_group = ads.div_ceil((CAMPAIGNS * GROUPS) as u64).max(1);
        for place in 0..CAMPAIGNS {
            let kind = match (self.platform, place) {
                (Platform::Google, 4) => Kind::PerformanceMax,
                (Platform::TikTok, 4) => Kind::GmvMax,
                _ => Kind::Ordinary,
            };
            let state = [State::Active, State::Active, State::Paused, State::Removed, State::Active][place];
            let name = ["Prospecting", "Retargeting", "Brand", "Spring sale", "Everything"][place];
            let name = format!("{name} {}", self.number + 1);
            self.campaigns.push(Campaign { id: base + place as u64, name, kind, state });
            let whole = kind != Kind::Ordinary;
            for at in 0..if whole { 1 } else { GROUPS } {
                let group = self.groups.len();
                let name = format!("Group {}", at + 1);
                self.groups.push(Group { id: base + 1000 + group as u64, name, campaign: place });
                for number in 0..if whole { 1 } else { per_group } {
                    let ad = self.ad(number, (place, group), state, days);
                    self.ads.push(ad);
                }
            }
        }
    }

    fn ad(&self, number: u64, (campaign, group): (usize, usize), state: State, days: i64) -> Ad {
        let at = self.ads.len() as u64;
        let mut draw = Draw::of(self.seed, 21, at);
        let begin = self.first_day + draw.between(0, days / 4);
        let ended = state != State::Active || draw.chance(150);
        let end = if ended { begin + draw.between(days / 3, days / 2) } else { i64::MAX / 4 };
        let state = if ended && state == State::Active { State::Paused } else { state };
        Ad {
            id: self.base() + 10_000 + at,
            name: format!("Ad {}-{}", group + 1, number + 1),
            group,
            campaign,
            state,
            days: (begin, end),
            daily: draw.between(400, 12_000),
        }
    }

    /// What day it is there.
    pub fn today(&self, now: i64) -> Today {
        let at = Timestamp::from_second(now).unwrap_or_default();
        let offset = i64::from(self.timezone.to_offset(at).seconds());
        let local = now + offset;
        Today { day: local.div_euclid(DAY), passed: local.rem_euclid(DAY) * 1000 / DAY }
    }

    /// Hours from UTC, as Meta writes it.
    pub fn offset_hours(&self, now: i64) -> i64 {
        let at = Timestamp::from_second(now).unwrap_or_default();
        i64::from(self.timezone.to_offset(at).seconds()) / 3600
    }
}
