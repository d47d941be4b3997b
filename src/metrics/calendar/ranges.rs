//! Windows by name: `today`, `28d`, `mtd`, `last_month` and their like.

use super::{Calendar, Resolved, Window, bad_time, shift_days};
use crate::error::Result;
use crate::metrics::query::Grain;

const NAMES: &str = "today, yesterday, 7d (any number of days up to 3660, ending yesterday), 4w and 12m (whole weeks, whole months), \
wtd, mtd, qtd, ytd (through today), last_week, last_month, last_quarter, last_year";

impl Calendar {
    /// A window by its name.
    pub(super) fn named(&self, name: &str) -> Result<Resolved> {
        let today = self.today();
        let to_date = |grain| {
            let window = Window::days(self.bucket_start(today, grain), shift_days(today, 1));
            self.cut(window, Some(grain))
        };
        let whole = |count, grain| self.cut(self.whole_buckets(count, grain), None);
        Ok(match name {
            "today" => self.cut(Window::days(today, shift_days(today, 1)), None),
            "yesterday" => self.cut(Window::days(shift_days(today, -1), today), None),
            "wtd" | "this_week" => to_date(Grain::Week),
            "mtd" | "this_month" => to_date(Grain::Month),
            "qtd" | "this_quarter" => to_date(Grain::Quarter),
            "ytd" | "this_year" => to_date(Grain::Year),
            "last_week" => whole(1, Grain::Week),
            "last_month" => whole(1, Grain::Month),
            "last_quarter" => whole(1, Grain::Quarter),
            "last_year" => whole(1, Grain::Year),
            _ => match counted(name) {
                Some((days @ 1..=3660, 'd')) => self.cut(Window::days(shift_days(today, -days), today), None),
                Some((weeks @ 1..=520, 'w')) => whole(weeks, Grain::Week),
                Some((months @ 1..=240, 'm')) => whole(months, Grain::Month),
                _ => return Err(bad_time("time.range", &format!("There is no such range. Ranges are: {NAMES}."))),
            },
        })
    }

    /// The last `count` whole buckets before the running one.
    fn whole_buckets(&self, count: i64, grain: Grain) -> Window {
        let after = self.bucket_start(self.today(), grain);
        let first = (0..count).fold(after, |start, _| self.bucket_start(shift_days(start, -1), grain));
        Window::days(first, after)
    }
}

/// `28d` as (28, 'd').
fn counted(name: &str) -> Option<(i64, char)> {
    let unit = name.chars().last()?;
    let digits = name.strip_suffix(unit)?;
    let plain = !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { Some((digits.parse().ok()?, unit)) } else { None }
}
