//! The files that are understood: what each is called, how its header is recognised and who reads it.

mod ads;
mod ads_columns;
mod costs;
mod detect;
mod orders;
mod orders_map;
mod rates;
mod shopify_amounts;
mod shopify_inventory;
mod shopify_orders;
mod shopify_products;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::text::records::Record;
use super::text::{dates, numbers};
use crate::commerce::rates::DatedRate;
use crate::commerce::rows;
use crate::money::Currency;

pub use detect::{Layout, Unknown, detect};
pub use orders_map::OrdersMap;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    ShopifyOrders,
    ShopifyProducts,
    ShopifyInventory,
    MetaAds,
    GoogleAds,
    TiktokAds,
    Orders,
    Costs,
    Rates,
}

impl Format {
    /// Every format, in the order in which headers are tried.
    pub const ALL: [Self; 9] = [
        Self::ShopifyOrders,
        Self::ShopifyProducts,
        Self::ShopifyInventory,
        Self::MetaAds,
        Self::TiktokAds,
        Self::GoogleAds,
        Self::Costs,
        Self::Rates,
        Self::Orders,
    ];

    /// The name that commands and the API use.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShopifyOrders => "shopify_orders",
            Self::ShopifyProducts => "shopify_products",
            Self::ShopifyInventory => "shopify_inventory",
            Self::MetaAds => "meta_ads",
            Self::GoogleAds => "google_ads",
            Self::TiktokAds => "tiktok_ads",
            Self::Orders => "orders",
            Self::Costs => "costs",
            Self::Rates => "rates",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::ShopifyOrders => "Shopify orders export",
            Self::ShopifyProducts => "Shopify products export",
            Self::ShopifyInventory => "Shopify inventory export",
            Self::MetaAds => "Meta Ads report",
            Self::GoogleAds => "Google Ads report",
            Self::TiktokAds => "TikTok Ads report",
            Self::Orders => "Orders with a mapping file",
            Self::Costs => "Unit costs (sku, cost, from)",
            Self::Rates => "Exchange rates (date, base, quote, rate, or the ECB's history)",
        }
    }

    /// What it holds: `orders`, `products`, `inventory`, `ads`, `costs` or `rates`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ShopifyOrders | Self::Orders => "orders",
            Self::ShopifyProducts => "products",
            Self::ShopifyInventory => "inventory",
            Self::MetaAds | Self::GoogleAds | Self::TiktokAds => "ads",
            Self::Costs => "costs",
            Self::Rates => "rates",
        }
    }

    /// Whose rows they become: a platform's own file lands under the platform's name, so that its API replaces it.
    pub fn connector(self) -> &'static str {
        match self {
            Self::ShopifyOrders | Self::ShopifyProducts | Self::ShopifyInventory => "shopify",
            Self::MetaAds => "meta_ads",
            Self::GoogleAds => "google_ads",
            Self::TiktokAds => "tiktok_ads",
            Self::Orders | Self::Costs | Self::Rates => "file",
        }
    }

    /// The options that a person may have to give because such a file does not say.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::MetaAds | Self::GoogleAds | Self::TiktokAds => &["account", "currency", "timezone", "date_format"],
            Self::Orders => &["currency", "timezone", "date_format"],
            Self::ShopifyOrders | Self::Costs => &["currency", "date_format"],
            Self::ShopifyProducts => &["currency"],
            Self::ShopifyInventory => &[],
            Self::Rates => &["date_format"],
        }
    }
}

/// What some rows of a file amount to.
#[derive(Debug, Default)]
pub struct Output {
    pub batch: rows::Batch,
    pub rates: Vec<DatedRate>,
}

/// What the file does not say and somebody else does.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Of amounts without a currency of their own.
    pub currency: Currency,
    /// Of times without an offset, and of the ad account's days.
    pub zone: TimeZone,
    pub zone_name: String,
    /// The ad account, or the store of an orders file.
    pub account: Option<String>,
    /// The day of the import in the brand's zone: stock and costs without a date are of this day.
    pub today: Date,
    pub map: Option<OrdersMap>,
}

/// How numbers and dates are written in the file.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub decimal: numbers::Decimal,
    pub order: dates::Order,
}

impl Default for Style {
    fn default() -> Self {
        Self { decimal: numbers::Decimal::Point, order: dates::Order::DayFirst }
    }
}

/// The columns from which the style is learnt.
#[derive(Debug, Default, Clone)]
pub struct Cells {
    pub money: Vec<usize>,
    pub whole: Vec<usize>,
    pub dates: Vec<usize>,
}

/// Which rows belong together.
#[derive(Debug, PartialEq, Eq)]
pub enum Key<'r> {
    /// A title or total line: not a row.
    Skip,
    /// Stands for itself.
    Alone,
    /// Continues the row above.
    Above,
    /// Rows with the same texts, wherever in the file they stand.
    Of(&'r str, &'r str),
}

/// Why a row cannot land: a sentence.
pub type Reject = std::borrow::Cow<'static, str>;

/// Reads one format. Rows of one key are gathered under a slot until the last of them has come.
pub trait Reading: Send {
    /// The columns to learn the style from.
    fn cells(&self) -> Cells;
    /// Called once, before the first [`Reading::add`].
    fn set_style(&mut self, style: Style);
    /// To what the row belongs.
    fn key<'r>(&self, record: &'r Record) -> Key<'r>;
    /// Adds a row to a slot, which is empty before the first.
    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject>;
    /// The slot is complete: its rows go to `out` and it is empty again. An error lands none of its rows.
    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject>;
    /// Empties a slot whose rows are refused.
    fn forget(&mut self, slot: usize);
}

/// Drafts by slot.
struct Slots<T>(Vec<Option<T>>);

impl<T> Slots<T> {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn at(&mut self, slot: usize) -> &mut Option<T> {
        if slot >= self.0.len() {
            self.0.resize_with(slot + 1, || None);
        }
        &mut self.0[slot]
    }

    fn take(&mut self, slot: usize) -> Option<T> {
        self.0.get_mut(slot).and_then(Option::take)
    }
}

/// The reader of a recognised file, or a sentence saying what its header or the options lack.
pub fn reader(layout: &Layout, setting: &Setting) -> Result<Box<dyn Reading>, String> {
    let header = &layout.header;
    Ok(match layout.format {
        Format::ShopifyOrders => Box::new(shopify_orders::ShopifyOrders::new(header, setting)?),
        Format::ShopifyProducts => Box::new(shopify_products::ShopifyProducts::new(header, setting)?),
        Format::ShopifyInventory => Box::new(shopify_inventory::ShopifyInventory::new(header, setting)?),
        Format::MetaAds | Format::GoogleAds | Format::TiktokAds => {
            Box::new(ads::Ads::new(layout.format, header, setting)?)
        }
        Format::Orders => Box::new(orders::Orders::new(header, setting)?),
        Format::Costs => Box::new(costs::Costs::new(header, setting)?),
        Format::Rates => Box::new(rates::Rates::new(header)?),
    })
}

fn money(record: &Record, column: Option<usize>, style: Style, what: &str) -> Result<Option<i64>, Reject> {
    match record.some(column) {
        None => Ok(None),
        Some(text) if numbers::is_nothing(text) => Ok(None),
        Some(text) => numbers::micros(text, style.decimal).map(Some).ok_or_else(|| not_a("number", what, text)),
    }
}

fn whole(record: &Record, column: Option<usize>, style: Style, what: &str) -> Result<Option<i64>, Reject> {
    match record.some(column) {
        None => Ok(None),
        Some(text) if numbers::is_nothing(text) => Ok(None),
        Some(text) => numbers::whole(text, style.decimal).map(Some).ok_or_else(|| not_a("whole number", what, text)),
    }
}

fn not_a(kind: &str, what: &str, text: &str) -> Reject {
    let shown: String = text.chars().take(40).collect();
    format!("{what} is not a {kind}: \"{shown}\".").into()
}

fn bad_date(what: &str, text: &str) -> Reject {
    let shown: String = text.chars().take(40).collect();
    format!("{what} is not a date between 1990 and 2099: \"{shown}\".").into()
}

fn text(record: &Record, column: Option<usize>) -> Option<String> {
    record.some(column).map(|t| clip(t, 500).to_owned())
}

/// No name is longer than this many bytes; a hostile cell is cut, not stored whole.
fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn lacking(format: Format, columns: &[(&str, bool)]) -> Result<(), String> {
    let missing: Vec<&str> = columns.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "This {} lacks the column{} {}.",
        format.label(),
        if missing.len() > 1 { "s" } else { "" },
        missing.join(", ")
    ))
}

#[cfg(test)]
fn read_all(format: Format, text: &str, setting: &Setting, style: Style) -> (Output, Vec<(u64, String)>) {
    use super::text::header::Header;
    use super::text::records::{Found, Records};
    let mut records = Records::new(text.as_bytes(), b',', 1 << 20);
    let mut record = Record::default();
    records.next(&mut record).unwrap();
    let layout = Layout { format, header: Header::new(&record), ..Layout::default() };
    let mut reading = reader(&layout, setting).unwrap();
    reading.set_style(style);
    let (mut out, mut rejects, mut keys) = (Output::default(), Vec::new(), Vec::<String>::new());
    while records.next(&mut record).unwrap() == Found::Record {
        let key = match reading.key(&record) {
            Key::Skip => continue,
            Key::Alone => format!("line {}", record.line()),
            Key::Above => keys.last().cloned().unwrap_or_default(),
            Key::Of(a, b) => format!("{a}\u{1f}{b}"),
        };
        if keys.last() != Some(&key) {
            keys.push(key);
            if keys.len() > 1
                && let Err(reason) = reading.finish(0, &mut out)
            {
                rejects.push((record.line() - 1, reason.into_owned()));
            }
        }
        if let Err(reason) = reading.add(0, &record) {
            rejects.push((record.line(), reason.into_owned()));
            reading.forget(0);
        }
    }
    if let Err(reason) = reading.finish(0, &mut out) {
        rejects.push((record.line(), reason.into_owned()));
    }
    (out, rejects)
}

#[cfg(test)]
fn test_setting() -> Setting {
    Setting {
        currency: Currency::parse("USD").unwrap(),
        zone: TimeZone::get("America/New_York").unwrap(),
        zone_name: "America/New_York".into(),
        account: None,
        today: jiff::civil::date(2026, 11, 22),
        map: None,
    }
}
