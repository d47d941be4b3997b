//! Exchange rates: `date, base, quote, rate` in rows, or the European Central Bank's history (`Date, USD, JPY, …`: units of each
//! currency for one euro, "N/A" where there was none).

use super::{Cells, Format, Key, Output, Reading, Reject, Slots, Style, bad_date, lacking, not_a};
use crate::commerce::rates::DatedRate;
use crate::imports::text::header::Header;
use crate::imports::text::records::Record;
use crate::imports::text::{dates, numbers};
use crate::money::{Currency, format_micros};

enum Shape {
    Rows { base: usize, quote: usize, rate: usize },
    Ecb { base: Currency, columns: Vec<(usize, Currency)> },
}

/// See the module's text.
pub struct Rates {
    date: usize,
    shape: Shape,
    style: Style,
    drafts: Slots<Vec<DatedRate>>,
}

/// Is it the ECB's layout: a date and at least five columns named by currencies?
pub fn is_ecb(header: &Header) -> bool {
    header.find(&["date"]) == Some(0) && header.names().iter().filter(|n| Currency::parse(n).is_some()).count() >= 5
}

impl Rates {
    /// Finds the columns of either layout.
    pub fn new(header: &Header) -> Result<Self, String> {
        let date = header.find(&["date", "day"]);
        let shape = if is_ecb(header)
            && let Some(base) = Currency::parse("EUR")
        {
            let named = header.names().iter().enumerate().filter_map(|(i, name)| Some((i, Currency::parse(name)?)));
            Shape::Ecb { base, columns: named.collect() }
        } else {
            let [base, quote, rate] = ["base", "quote", "rate"].map(|n| (n, header.find(&[n])));
            lacking(
                Format::Rates,
                &[
                    ("date", date.is_some()),
                    ("base", base.1.is_some()),
                    ("quote", quote.1.is_some()),
                    ("rate", rate.1.is_some()),
                ],
            )?;
            let at = |column: (&str, Option<usize>)| column.1.unwrap_or_default();
            Shape::Rows { base: at(base), quote: at(quote), rate: at(rate) }
        };
        Ok(Self { date: date.unwrap_or_default(), shape, style: Style::default(), drafts: Slots::new() })
    }

    fn rate(&self, record: &Record, column: usize) -> Result<Option<String>, Reject> {
        let text = record.get(column);
        if numbers::is_nothing(text) {
            return Ok(None);
        }
        // Micros would lose digits of a rate like 0.000061: plain decimal text is kept as it stands.
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let plain = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        let positive = text.bytes().any(|b| (b'1'..=b'9').contains(&b));
        if plain
            && positive
            && whole.len() <= 9
            && fraction.len() <= 12
            && self.style.decimal == numbers::Decimal::Point
        {
            return Ok(Some(text.to_owned()));
        }
        match numbers::micros(text, self.style.decimal) {
            Some(micros) if (1..1_000_000_000_000_000).contains(&micros) => Ok(Some(format_micros(micros.into(), 6))),
            _ => Err(not_a("positive rate", "The rate", text)),
        }
    }
}

impl Reading for Rates {
    fn cells(&self) -> Cells {
        let money = match &self.shape {
            Shape::Rows { rate, .. } => vec![*rate],
            Shape::Ecb { columns, .. } => columns.iter().map(|(at, _)| *at).collect(),
        };
        Cells { money, whole: Vec::new(), dates: vec![self.date] }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, _: &'r Record) -> Key<'r> {
        Key::Alone
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let text = record.get(self.date);
        let day = dates::day(text, self.style.order).ok_or_else(|| bad_date("The date", text))?;
        let mut found = Vec::new();
        match &self.shape {
            Shape::Rows { base, quote, rate } => {
                let code = |at: usize, what| {
                    Currency::parse(record.get(at)).ok_or_else(|| not_a("currency code", what, record.get(at)))
                };
                let (base, quote) = (code(*base, "The base")?, code(*quote, "The quote")?);
                if base == quote {
                    return Err("Base and quote are the same currency.".into());
                }
                let rate = self.rate(record, *rate)?.ok_or(Reject::Borrowed("The row has no rate."))?;
                found.push(DatedRate { day, base, quote, rate });
            }
            Shape::Ecb { base, columns } => {
                for (at, quote) in columns {
                    if let Some(rate) = self.rate(record, *at)? {
                        found.push(DatedRate { day, base: *base, quote: *quote, rate });
                    }
                }
            }
        }
        *self.drafts.at(slot) = Some(found);
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        out.rates.extend(self.drafts.take(slot).unwrap_or_default());
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read_all, test_setting};
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<(u64, String)>) {
        let (out, rejects) = read_all(Format::Rates, text, &test_setting(), Style::default());
        (out.rates.iter().map(|r| format!("{} {}/{} {}", r.day, r.base, r.quote, r.rate)).collect(), rejects)
    }

    #[test]
    fn reads_rows_and_the_ecb_history() {
        let (rates, rejects) = read(
            "date,base,quote,rate\n2026-11-20,EUR,USD,1.0871\n2026-11-20,IDR,EUR,0.0000587\n2026-11-20,EUR,EUR,1\n2026-11-20,EUR,USD,0\n",
        );
        assert_eq!(rates, vec!["2026-11-20 EUR/USD 1.0871", "2026-11-20 IDR/EUR 0.0000587"]);
        assert_eq!(rejects.len(), 2);
        let (rates, rejects) = read(include_str!("../../../tests/fixtures/imports/eurofxref-hist.csv"));
        assert_eq!(rejects, vec![]);
        assert_eq!(rates.len(), 11);
        assert_eq!(rates[0], "2026-11-20 EUR/USD 1.0871");
    }
}
