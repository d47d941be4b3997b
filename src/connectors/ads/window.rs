//! From a kept answer to windows: whole days of an account, without the days of which a row could not be understood.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::account::{Account, LeftOut, clip};
use super::days::Days;
use crate::commerce::rows::{AdDay, AdScope, AdWindow};
use crate::connectors::{Parsed, Raw, Redactor, Reject};

/// The one stream of every ad platform.
pub const STREAM: &str = "ads";
/// The kind of an answer that says why an account is not read.
const LEFT_OUT: &str = "left_out";
/// Joins ids down the path, as the files' rows do.
const PATH: &str = "\u{1f}";
/// The most that is kept of a row that could not be understood.
const MOST_TEXT: usize = 2_000;

/// What a parser needs besides the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Whose it is.
    pub account: Account,
    /// The days that were asked for: all of them are replaced.
    pub days: Days,
    /// What the platform would not tell of these days, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

/// The ids and names down the path of a row: campaign, ad set, ad.
pub struct Path<'a> {
    pub campaign: (&'a str, &'a str),
    pub adset: Option<(&'a str, &'a str)>,
    pub ad: Option<(&'a str, &'a str)>,
}

/// What a row counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub spend_micros: i64,
    pub impressions: i64,
    pub clicks: i64,
    pub conversions_micros: i64,
    pub revenue_micros: i64,
}

/// Rows on their way into windows.
pub struct Gathered {
    about: About,
    rows: BTreeMap<(Date, String), AdDay>,
    rejects: Vec<Reject>,
    spoiled: BTreeSet<Date>,
}

/// An answer to be kept: the rows of all pages of one slice, redacted.
pub fn answer(kind: &'static str, about: &About, body: &impl Serialize, redactor: &Redactor) -> Raw {
    let body = Bytes::from(serde_json::to_vec(body).unwrap_or_default());
    let body = redactor.line(&body).unwrap_or_default();
    Raw { stream: STREAM, kind, about: serde_json::to_value(about).unwrap_or_default(), body }
}

/// An account that is not read, as an answer to be kept.
pub fn left_out(one: &LeftOut) -> Raw {
    let about = serde_json::to_value(one).unwrap_or_default();
    Raw { stream: STREAM, kind: LEFT_OUT, about, body: Bytes::from_static(b"{}") }
}

/// Reads a kept answer: `rows` takes what is in the body, an object of lists of rows that were not read yet.
pub fn parse<'raw, B: Deserialize<'raw>>(raw: &'raw Raw, channel: &str, rows: impl FnOnce(B, &mut Gathered)) -> Parsed {
    let broken = |reason: String| Parsed {
        rejects: vec![Reject { key: raw.kind.to_owned(), reason, text: String::new() }],
        ..Parsed::default()
    };
    if raw.kind == LEFT_OUT {
        let one = LeftOut::deserialize(&raw.about).unwrap_or(LeftOut { id: String::new(), reason: String::new() });
        let reject =
            Reject { key: one.id, reason: format!("This ad account is left out. {}", one.reason), text: String::new() };
        return Parsed { rejects: vec![reject], ..Parsed::default() };
    }
    let about = match About::deserialize(&raw.about) {
        Ok(about) => about,
        Err(error) => return broken(format!("what is known of the answer cannot be read: {error}")),
    };
    let body: B = match serde_json::from_slice(&raw.body) {
        Ok(body) => body,
        Err(error) => return broken(format!("the answer is no JSON: {error}")),
    };
    let mut gathered = Gathered::new(about);
    rows(body, &mut gathered);
    gathered.windows(channel)
}

impl Path<'_> {
    /// The row's key: ids joined down the path.
    pub fn key(&self) -> String {
        let ids = [Some(self.campaign), self.adset, self.ad];
        ids.into_iter().flatten().map(|(id, _)| id).collect::<Vec<_>>().join(PATH)
    }
}

impl Gathered {
    fn new(about: About) -> Self {
        let rejects = about.lacks.iter().map(|reason| Reject {
            key: about.account.id.clone(),
            reason: reason.clone(),
            text: String::new(),
        });
        Self { rejects: rejects.collect(), about, rows: BTreeMap::new(), spoiled: BTreeSet::new() }
    }

    /// Takes the rows of a list, each read by `read` to a path's key, names and figures.
    pub fn each<'raw, R: Deserialize<'raw>, T>(
        &mut self,
        list: &[&'raw RawValue],
        day: impl Fn(&R) -> Option<Date>,
        read: impl Fn(&R, &About) -> Result<T, String>,
    ) -> Vec<(Date, T)> {
        let mut all = Vec::with_capacity(list.len());
        for (at, row) in list.iter().enumerate() {
            let parsed = serde_json::from_str::<R>(row.get());
            let on = parsed.as_ref().ok().and_then(&day);
            let outcome = match (&parsed, on) {
                (Err(error), _) => Err(format!("It cannot be read: {error}.")),
                (Ok(_), None) => Err("It has no day.".to_owned()),
                (Ok(_), Some(on)) if !self.about.days.has(on) => {
                    Err(format!("{on} is not among the days that were asked for."))
                }
                (Ok(row), Some(on)) => read(row, &self.about).map(|read| (on, read)),
            };
            match outcome {
                Ok(one) => all.push(one),
                Err(reason) => self.reject(at, row, on, reason),
            }
        }
        all
    }

    fn reject(&mut self, at: usize, row: &RawValue, day: Option<Date>, reason: String) {
        match day {
            // A day that was not asked for is none that is replaced.
            Some(day) => {
                self.spoiled.insert(day);
            }
            // It may belong to any of them.
            None => {
                let Days { first, last } = self.about.days;
                self.spoiled.extend(first.series(1.day()).take_while(|day| *day <= last));
            }
        }
        let key = format!("{}, row {}", self.about.account.id, at + 1);
        let text = clip(row.get(), MOST_TEXT).to_owned();
        self.rejects.push(Reject { key, reason, text });
    }

    /// Adds a row. The same ad and day again takes the place of the one before: pages may overlap.
    pub fn add(&mut self, day: Date, path: &Path<'_>, figures: Figures) {
        let key = path.key();
        let name = |pair: (&str, &str)| {
            let (id, name) = pair;
            clip(if name.trim().is_empty() { id } else { name.trim() }, 500).to_owned()
        };
        let row = AdDay {
            key: key.clone(),
            campaign: name(path.campaign),
            adset: path.adset.map(name),
            ad: path.ad.map(name),
            day,
            spend_micros: figures.spend_micros,
            impressions: figures.impressions,
            clicks: figures.clicks,
            conversions_micros: figures.conversions_micros,
            revenue_micros: figures.revenue_micros,
        };
        self.rows.insert((day, key), row);
    }

    /// A window for each run of days of which everything was understood.
    fn windows(mut self, channel: &str) -> Parsed {
        let Some(account) = self.about.account.landed(channel) else {
            let reason = format!("{} is no currency", self.about.account.currency);
            self.rejects.push(Reject { key: self.about.account.id, reason, text: String::new() });
            return Parsed { rejects: self.rejects, ..Parsed::default() };
        };
        let mut parsed = Parsed { rejects: self.rejects, ..Parsed::default() };
        let Days { first, last } = self.about.days;
        let mut open = false;
        for day in first.series(1.day()).take_while(|day| *day <= last) {
            if self.spoiled.contains(&day) {
                open = false;
                continue;
            }
            if !open {
                let replaces = AdScope::Days { first: day, last: day };
                parsed.batch.ads.push(AdWindow {
                    account: account.clone(),
                    replaces,
                    from_api: true,
                    rows: Vec::new(),
                });
                open = true;
            }
            let Some(window) = parsed.batch.ads.last_mut() else { continue };
            if let AdScope::Days { last, .. } = &mut window.replaces {
                *last = day;
            }
            let beyond = self.rows.split_off(&(day.saturating_add(1.day()), String::new()));
            let rows = std::mem::replace(&mut self.rows, beyond);
            window.rows.extend(rows.into_iter().filter(|((on, _), _)| *on == day).map(|(_, row)| row));
        }
        parsed
    }
}

impl Figures {
    /// What is counted may not be negative; what it brought may: conversions are taken back.
    ///
    /// # Errors
    /// A sentence.
    pub fn sound(self) -> Result<Self, String> {
        if [self.spend_micros, self.impressions, self.clicks].iter().any(|figure| *figure < 0) {
            return Err("The amount spent, the impressions or the clicks are negative.".to_owned());
        }
        Ok(self)
    }
}
