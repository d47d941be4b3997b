//! Recognises a file by its header: tries each delimiter, looks past title lines, and asks each format whether the row is its
//! header.

use super::{Format, OrdersMap, ads_columns, costs, rates};
use crate::imports::text::decode::Encoding;
use crate::imports::text::header::Header;
use crate::imports::text::records::{BadRecord, Found, Record, Records};

/// Google's reports open with two lines of title; nobody opens with more than a dozen.
const TITLE_LINES: usize = 12;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What a file is and where its rows begin.
#[derive(Debug, Clone)]
pub struct Layout {
    pub format: Format,
    pub header: Header,
    pub delimiter: u8,
    pub encoding: Encoding,
    /// Records up to and with the header.
    pub skip: usize,
    /// Where numbers tell nothing, a comma is the decimal mark.
    pub comma_locale: bool,
    /// The mapping of an orders file: the given one or one that comes with Pulsepoint.
    pub map: Option<OrdersMap>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            format: Format::Orders,
            header: Header::default(),
            delimiter: b',',
            encoding: Encoding::Utf8,
            skip: 1,
            comma_locale: false,
            map: None,
        }
    }
}

/// Why no layout was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The head is not UTF-8: try another encoding.
    Encoding,
    /// A sentence for the person.
    Reason(String),
}

/// Looks at a file's first bytes (as UTF-8). `wanted` fixes the format, `map` the mapping of an orders file.
pub fn detect(head: &[u8], wanted: Option<Format>, map: Option<&OrdersMap>) -> Result<Layout, Unknown> {
    let mut first = None;
    for delimiter in DELIMITERS {
        let mut records = Records::new(head, delimiter, head.len() + 1);
        let mut record = Record::default();
        for skip in 1..=TITLE_LINES {
            match records.next(&mut record) {
                Ok(Found::Record) => {}
                Ok(Found::Bad(BadRecord::Encoding)) => return Err(Unknown::Encoding),
                Ok(Found::Bad(_)) => continue,
                Ok(Found::End) | Err(_) => break,
            }
            if record.len() < 2 {
                continue;
            }
            let header = Header::new(&record);
            if let Some((format, map)) = recognise(&header, wanted, map) {
                let comma = ads_columns::find(format, &header).is_some_and(|c| c.comma_locale);
                let comma_locale = comma || delimiter == b';';
                return Ok(Layout { format, header, delimiter, encoding: Encoding::Utf8, skip, comma_locale, map });
            }
            if first.as_ref().is_none_or(|f: &Header| f.len() < header.len()) {
                first = Some(header);
            }
        }
    }
    Err(Unknown::Reason(unknown(first, wanted, map)))
}

fn recognise(header: &Header, wanted: Option<Format>, map: Option<&OrdersMap>) -> Option<(Format, Option<OrdersMap>)> {
    if let Some(map) = map {
        return map.matches(header).then(|| (Format::Orders, Some(map.clone())));
    }
    let candidates = Format::ALL.into_iter().filter(|f| wanted.is_none_or(|w| w == *f));
    for format in candidates {
        if format == Format::Orders {
            if let Some(map) = OrdersMap::built_in(header) {
                return Some((format, Some(map)));
            }
        } else if is_header_of(format, header, wanted.is_some()) {
            return Some((format, None));
        }
    }
    None
}

fn is_header_of(format: Format, header: &Header, asked: bool) -> bool {
    let has = |names: &[&str]| header.has_all(names);
    match format {
        Format::ShopifyOrders => has(&["name", "lineitem quantity", "lineitem name", "lineitem price"]),
        Format::ShopifyProducts => {
            header.find(&["handle", "url handle"]).is_some()
                && header.find(&["variant price", "price", "variant sku"]).is_some()
        }
        Format::ShopifyInventory => {
            has(&["handle", "title", "sku", "option1 value"]) || has(&["sku", "location", "on hand"])
        }
        Format::MetaAds | Format::GoogleAds | Format::TiktokAds if asked => ads_columns::find(format, header).is_some(),
        Format::MetaAds | Format::GoogleAds | Format::TiktokAds => ads_columns::is_of(format, header),
        Format::Costs => header.find(&costs::SKU).is_some() && header.find_with_unit(&costs::COST).is_some(),
        Format::Rates => has(&["date", "base", "quote", "rate"]) || rates::is_ecb(header),
        Format::Orders => false,
    }
}

fn unknown(found: Option<Header>, wanted: Option<Format>, map: Option<&OrdersMap>) -> String {
    let Some(header) = found else {
        return "The file has no header row: nothing in it looks like a table with columns.".to_owned();
    };
    let columns =
        header.names().iter().filter(|n| !n.is_empty()).take(8).map(|n| n.chars().take(40).collect::<String>());
    let columns = columns.collect::<Vec<_>>().join(", ");
    if let Some(map) = map {
        return format!(
            "The file lacks columns that the mapping names ({}); its header begins with: {columns}.",
            map.missing(&header).join(", ")
        );
    }
    match wanted {
        Some(format) => format!("The header is not that of a {}; it begins with: {columns}.", format.label()),
        None => format!(
            "The file is none of the known formats ({}); its header begins with: {columns}. An orders file with other columns needs a mapping file.",
            Format::ALL.map(Format::name).join(", ")
        ),
    }
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
