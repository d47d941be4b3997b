//! Shopify's inventory export: the older layout with one column a location, and the newer one with one row a location. Levels
//! are of the day of the import.

use super::shopify_products::line_title;
use super::{Cells, Format, Key, Output, Reading, Reject, Setting, Slots, Style, clip, lacking, text, whole};
use crate::commerce::rows::{StockLevel, VariantRef};
use crate::imports::text::header::{Header, fold};
use crate::imports::text::records::Record;

/// Columns of the older layout that are no location.
const FIXED: [&str; 11] = [
    "handle",
    "title",
    "option1 name",
    "option1 value",
    "option2 name",
    "option2 value",
    "option3 name",
    "option3 value",
    "sku",
    "hs code",
    "coo",
];

enum Levels {
    /// Location by location: column and name.
    Columns(Vec<(usize, String)>),
    Rows {
        location: usize,
        on_hand: usize,
        incoming: Option<usize>,
    },
}

/// See the module's text.
pub struct ShopifyInventory {
    title: usize,
    sku: usize,
    options: [Option<usize>; 3],
    levels: Levels,
    today: jiff::civil::Date,
    style: Style,
    drafts: Slots<Vec<StockLevel>>,
}

impl ShopifyInventory {
    /// Finds the columns in either layout.
    pub fn new(header: &Header, setting: &Setting) -> Result<Self, String> {
        let (title, sku) = (header.find(&["title"]), header.find(&["sku"]));
        lacking(Format::ShopifyInventory, &[("Title", title.is_some()), ("SKU", sku.is_some())])?;
        let quantity = |name: &str| header.find(&[name]).or_else(|| header.find_with_unit(&[name]).map(|(at, _)| at));
        let levels = match header.find(&["location"]) {
            Some(location) => {
                let on_hand = header
                    .find(&["on hand (current)"])
                    .or_else(|| quantity("on hand"))
                    .or_else(|| quantity("available"));
                lacking(Format::ShopifyInventory, &[("On hand", on_hand.is_some())])?;
                Levels::Rows { location, on_hand: on_hand.unwrap_or_default(), incoming: quantity("incoming") }
            }
            None => {
                let names = header.names().iter().enumerate().filter(|(_, name)| !name.is_empty());
                let locations: Vec<(usize, String)> = names
                    .filter(|(_, name)| !FIXED.contains(&fold(name).as_str()))
                    .map(|(at, name)| (at, clip(name, 200).to_owned()))
                    .collect();
                lacking(Format::ShopifyInventory, &[("of a location", !locations.is_empty())])?;
                Levels::Columns(locations)
            }
        };
        Ok(Self {
            title: title.unwrap_or_default(),
            sku: sku.unwrap_or_default(),
            options: ["option1 value", "option2 value", "option3 value"].map(|n| header.find(&[n])),
            levels,
            today: setting.today,
            style: Style::default(),
            drafts: Slots::new(),
        })
    }

    fn level(&self, record: &Record, column: usize) -> Result<Option<i64>, Reject> {
        if record.get(column).eq_ignore_ascii_case("not stocked") {
            return Ok(None);
        }
        whole(record, Some(column), self.style, "The quantity")
    }
}

impl Reading for ShopifyInventory {
    fn cells(&self) -> Cells {
        let whole = match &self.levels {
            Levels::Columns(columns) => columns.iter().map(|(at, _)| *at).collect(),
            Levels::Rows { on_hand, .. } => vec![*on_hand],
        };
        Cells { whole, ..Cells::default() }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, record: &'r Record) -> Key<'r> {
        if record.get(self.title).is_empty() && record.get(self.sku).is_empty() { Key::Skip } else { Key::Alone }
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let values: Vec<&str> = self.options.iter().filter_map(|at| record.some(*at)).collect();
        let title = line_title(record.get(self.title), &values);
        let sku = text(record, Some(self.sku)).map(|s| s.trim_start_matches('\'').to_owned());
        let variant = VariantRef { sku, title };
        let stock = |warehouse: &str, on_hand, incoming| StockLevel {
            variant: variant.clone(),
            warehouse: warehouse.to_owned(),
            day: self.today,
            on_hand,
            incoming,
        };
        let mut found = Vec::new();
        match &self.levels {
            Levels::Columns(columns) => {
                for (column, location) in columns {
                    if let Some(on_hand) = self.level(record, *column)? {
                        found.push(stock(location, on_hand, 0));
                    }
                }
            }
            Levels::Rows { location, on_hand, incoming } => {
                let name = text(record, Some(*location)).ok_or(Reject::Borrowed("The row has no \"Location\"."))?;
                if let Some(units) = self.level(record, *on_hand)? {
                    let coming = incoming.map(|at| self.level(record, at)).transpose()?.flatten().unwrap_or_default();
                    found.push(stock(&name, units, coming));
                }
            }
        }
        *self.drafts.at(slot) = Some(found);
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        out.batch.stock.extend(self.drafts.take(slot).unwrap_or_default());
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Style, read_all, test_setting};
    use super::*;

    const COLUMNS: &str = include_str!("../../../tests/fixtures/imports/shopify_inventory_columns.csv");
    const ROWS: &str = include_str!("../../../tests/fixtures/imports/shopify_inventory_rows.csv");

    /// Variant, warehouse, on hand, incoming.
    type Level = (String, String, i64, i64);

    fn levels(text: &str) -> (Vec<Level>, Vec<(u64, String)>) {
        let (out, rejects) = read_all(Format::ShopifyInventory, text, &test_setting(), Style::default());
        let name = |s: &StockLevel| s.variant.sku.clone().unwrap_or_else(|| s.variant.title.clone());
        (out.batch.stock.iter().map(|s| (name(s), s.warehouse.clone(), s.on_hand, s.incoming)).collect(), rejects)
    }

    #[test]
    fn reads_a_column_a_location() {
        let (found, rejects) = levels(COLUMNS);
        let s = |a: &str, b: &str, n| (a.to_owned(), b.to_owned(), n, 0);
        assert_eq!(
            found,
            vec![
                s("HOOD-S", "Reno", 12),
                s("HOOD-S", "Rotterdam", 0),
                s("HOOD-M", "Reno", -2),
                s("Cedar Candle", "Rotterdam", 140)
            ]
        );
        assert_eq!(rejects.len(), 1);
    }

    #[test]
    fn reads_a_row_a_location() {
        let (found, rejects) = levels(ROWS);
        assert_eq!(rejects, vec![]);
        assert_eq!(
            found,
            vec![
                ("HOOD-S".into(), "Reno".into(), 12, 30),
                ("HOOD-S".into(), "Rotterdam".into(), 4, 0),
                ("HOOD-M".into(), "Reno".into(), 7, 0)
            ]
        );
    }
}
