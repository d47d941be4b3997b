//! What an ad did on a day, as the platform knows it at a moment: young days change, old ones are frozen.

use super::super::draw::Draw;
use super::{Account, Ads, Platform, Today};

/// Days after which nothing changes any more.
const FROZEN: i64 = 28;

/// An ad's day. Spend and value are millionths of the account's currency, conversions thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub spend: i64,
    pub impressions: i64,
    pub clicks: i64,
    pub link_clicks: i64,
    pub conversions: i64,
    pub value: i64,
    /// Conversions of every kind, not only those that count.
    pub all_conversions: i64,
    pub all_value: i64,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.spend += other.spend;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.link_clicks += other.link_clicks;
        self.conversions += other.conversions;
        self.value += other.value;
        self.all_conversions += other.all_conversions;
        self.all_value += other.all_value;
    }
}

/// Thousandths of the conversions that are known `age` days after.
fn known(age: i64) -> i64 {
    let left = (FROZEN - age).max(0);
    1000 - 650 * left * left / (FROZEN * FROZEN)
}

impl Ads {
    /// What ad `at` of an account did on `day`; none where there is no row.
    pub fn figures(&self, account: &Account, at: usize, day: i64, today: Today) -> Option<Figures> {
        let ad = &account.ads[at];
        let age = today.day - day;
        if age < 0 || day < ad.days.0 || day > ad.days.1 {
            return None;
        }
        let mut draw = Draw::of(account.seed ^ ad.id, 22, day.cast_unsigned());
        let fate = draw.below(1000);
        // No delivery; on some such days somebody still buys, and that is known late.
        if fate < 40 {
            let late = 3 + i64::try_from(fate % 17).unwrap_or(0);
            let value = draw.between(2500, 15_000) * 10_000;
            let row =
                Figures { conversions: 1000, value, all_conversions: 1000, all_value: value, ..Figures::default() };
            return (fate < 10 && age >= late).then_some(row);
        }
        // Delivery that was not genuine is taken out after some days.
        if fate >= 995 && age >= 6 {
            return None;
        }
        let row = delivered(account, ad.daily, &mut draw, age);
        let row = if age == 0 { partial(row, today.passed) } else { row };
        let row = restated(row, self.factor(account.id, day), account.platform);
        (row != Figures::default()).then_some(row)
    }
}

fn delivered(account: &Account, daily: i64, draw: &mut Draw, age: i64) -> Figures {
    let final_spend = daily * draw.between(600, 1400) / 1000;
    let settled = [1000, 985, 992, 996].get(usize::try_from(age).unwrap_or(4)).copied().unwrap_or(1000);
    let spend = final_spend * settled / 1000;
    // 6 to 18 of the currency for a thousand impressions, 0.8 to 2.5 % clicks, 1 to 4 % of these buy.
    let impressions = spend * 1000 / draw.between(600, 1800);
    let clicks = impressions * draw.between(8, 25) / 1000;
    let bought = final_spend * draw.between(15, 60);
    let count = match account.platform {
        Platform::Google => bought / 100,
        _ => bought / 100_000 * 1000,
    };
    let worth = draw.between(3500, 12_000);
    let count = count * known(age) / 1000;
    let count = if account.platform == Platform::Google { count } else { count / 1000 * 1000 };
    let more = count + count / 1000 / 3 * 1000;
    Figures {
        spend: spend * 10_000,
        impressions,
        clicks,
        link_clicks: clicks * 7 / 10,
        conversions: count,
        value: count * worth * 10,
        all_conversions: more,
        all_value: more * worth * 10,
    }
}

/// A day of which only so many thousandths have passed.
fn partial(row: Figures, passed: i64) -> Figures {
    let part = |value: i64, unit: i64| value * passed / 1000 / unit * unit;
    let conversions = part(row.conversions, 1000);
    Figures {
        spend: part(row.spend, 10_000),
        impressions: part(row.impressions, 1),
        clicks: part(row.clicks, 1),
        link_clicks: part(row.link_clicks, 1),
        conversions,
        value: if row.conversions == 0 { 0 } else { row.value / 1000 * conversions / row.conversions * 1000 },
        all_conversions: conversions,
        all_value: if row.conversions == 0 { 0 } else { row.value / 1000 * conversions / row.conversions * 1000 },
    }
}

/// What the control made of it.
fn restated(row: Figures, factor: i64, platform: Platform) -> Figures {
    if factor == 1000 {
        return row;
    }
    let unit = if platform == Platform::Google { 1 } else { 1000 };
    let count = |value: i64| value * factor / 1000 / unit * unit;
    let money = |value: i64| value / 1000 * factor / 10_000 * 10_000;
    Figures {
        conversions: count(row.conversions),
        value: money(row.value),
        all_conversions: count(row.all_conversions),
        all_value: money(row.all_value),
        ..row
    }
}
