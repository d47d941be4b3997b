//! Unit costs: `sku, cost, from`, with `currency` and `title` where wanted. A row without a day says what a unit costs now: it
//! counts from the day of the import, or from the beginning where nothing was known before (the writer decides).

use super::{
    Cells, Format, Key, Output, Reading, Reject, Setting, Slots, Style, bad_date, lacking, money, not_a, text,
};
use crate::commerce::rows::{UnitCost, VariantRef};
use crate::imports::text::dates;
use crate::imports::text::header::Header;
use crate::imports::text::records::Record;
use crate::money::Currency;

/// Folded names of the columns, also used to recognise the file.
pub const SKU: [&str; 3] = ["sku", "variant sku", "item"];
pub const COST: [&str; 5] = ["cost", "unit cost", "unit_cost", "cost per item", "cogs"];
const FROM: [&str; 6] = ["from", "from day", "from_day", "valid from", "valid_from", "date"];

/// See the module's text.
pub struct Costs {
    sku: usize,
    title: Option<usize>,
    cost: usize,
    from: Option<usize>,
    code: Option<usize>,
    currency: Currency,
    today: jiff::civil::Date,
    style: Style,
    drafts: Slots<(UnitCost, bool)>,
}

impl Costs {
    /// Finds the columns.
    pub fn new(header: &Header, setting: &Setting) -> Result<Self, String> {
        let (sku, cost) = (header.find(&SKU), header.find_with_unit(&COST));
        lacking(Format::Costs, &[("sku", sku.is_some()), ("cost", cost.is_some())])?;
        let (cost, unit) = cost.unwrap_or_default();
        Ok(Self {
            sku: sku.unwrap_or_default(),
            title: header.find(&["title", "name", "product"]),
            cost,
            from: header.find(&FROM),
            code: header.find(&["currency", "currency code"]),
            currency: unit.and_then(Currency::parse).unwrap_or(setting.currency),
            today: setting.today,
            style: Style::default(),
            drafts: Slots::new(),
        })
    }
}

impl Reading for Costs {
    fn cells(&self) -> Cells {
        Cells { money: vec![self.cost], whole: Vec::new(), dates: self.from.into_iter().collect() }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, _: &'r Record) -> Key<'r> {
        Key::Alone
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let (sku, title) = (text(record, Some(self.sku)), text(record, self.title));
        if sku.is_none() && title.is_none() {
            return Err("The row has no SKU.".into());
        }
        let cost_micros =
            money(record, Some(self.cost), self.style, "The cost")?.ok_or(Reject::Borrowed("The row has no cost."))?;
        if cost_micros < 0 {
            return Err("The cost is negative.".into());
        }
        let dated = match record.some(self.from) {
            Some(text) => Some(dates::day(text, self.style.order).ok_or_else(|| bad_date("The day", text))?),
            None => None,
        };
        let currency = match record.some(self.code) {
            Some(code) => Currency::parse(code).ok_or_else(|| not_a("currency code", "The currency", code))?,
            None => self.currency,
        };
        let variant = VariantRef { sku, title: title.unwrap_or_default() };
        *self.drafts.at(slot) =
            Some((UnitCost { variant, from_day: dated.unwrap_or(self.today), cost_micros, currency }, dated.is_some()));
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        match self.drafts.take(slot) {
            Some((cost, true)) => out.batch.costs.push(cost),
            Some((cost, false)) => out.batch.costs_now.push(cost),
            None => {}
        }
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

    #[test]
    fn reads_costs_with_their_days() {
        let file = "SKU,Cost (EUR),From\nA-1,12.50,2026-01-01\nA-1,13,2026-06-01\nB-2,-1,2026-01-01\nC-3,4,someday\nD-4,2.5,\n";
        let (out, rejects) = read_all(Format::Costs, file, &test_setting(), Style::default());
        let costs: Vec<_> = out
            .batch
            .costs
            .iter()
            .chain(&out.batch.costs_now)
            .map(|c| (c.from_day.to_string(), c.cost_micros, c.currency.code().to_owned()))
            .collect();
        let c = |day: &str, micros| (day.to_owned(), micros, "EUR".to_owned());
        assert_eq!(costs, vec![c("2026-01-01", 12_500_000), c("2026-06-01", 13_000_000), c("2026-11-22", 2_500_000)]);
        assert_eq!(rejects.iter().map(|r| r.0).collect::<Vec<_>>(), vec![4, 5]);
    }
}
