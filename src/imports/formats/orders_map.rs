//! The mapping file of a generic orders file: which column is what, and how returns are told from orders.

use serde::Deserialize;

use crate::imports::text::header::{Header, fold};

/// A mapping as its TOML says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersMap {
    /// Always `orders`.
    pub format: String,
    /// ISO 4217; the brand's where absent.
    pub currency: Option<String>,
    /// IANA name; the brand's where absent.
    pub timezone: Option<String>,
    /// How dates are written, e.g. `%d/%m/%Y`: decides between day first and month first.
    pub date_format: Option<String>,
    pub columns: Columns,
    pub returns: Option<Returns>,
}

/// The file's name of each column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    pub order: String,
    pub sku: Option<String>,
    pub title: Option<String>,
    pub quantity: String,
    pub unit_price: String,
    pub placed_at: String,
    pub customer: Option<String>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    /// The line's whole discount.
    pub discount: Option<String>,
    /// The line's whole tax.
    pub tax: Option<String>,
    /// The order's shipping, on its first line.
    pub shipping: Option<String>,
    /// What the order's customer gave on top, on its first line; likewise the two below.
    pub tip: Option<String>,
    /// The order's duties.
    pub duties: Option<String>,
    /// What the source says that the order came to.
    pub total: Option<String>,
    pub currency: Option<String>,
    pub discount_code: Option<String>,
    pub store: Option<String>,
    pub source: Option<String>,
}

/// How a return is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// Lines whose order number starts with this are refunds on their own date.
    pub order_prefix: String,
}

impl OrdersMap {
    /// Reads a mapping; the error is a sentence that names the line or key at fault.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map: Self =
            toml::from_str(text).map_err(|e| format!("The mapping file cannot be read: {}", e.message()))?;
        if map.format != "orders" {
            return Err(format!("The mapping file says format = \"{}\"; only \"orders\" is known.", map.format));
        }
        if map.columns.sku.is_none() && map.columns.title.is_none() {
            return Err("The mapping file names neither a sku nor a title column.".to_owned());
        }
        if map.returns.as_ref().is_some_and(|r| r.order_prefix.is_empty()) {
            return Err("The mapping file's order_prefix is empty: every line would be a return.".to_owned());
        }
        Ok(map)
    }

    /// The mappings that come with Pulsepoint: files known well enough to be recognised by their header.
    pub fn built_in(header: &Header) -> Option<Self> {
        const MAPS: [&str; 2] =
            [include_str!("../../../data/maps/online_retail.toml"), include_str!("../../../data/maps/orders.toml")];
        MAPS.iter().filter_map(|text| Self::parse(text).ok()).find(|map| map.matches(header))
    }

    /// The header has every column the mapping names as necessary.
    pub fn matches(&self, header: &Header) -> bool {
        self.missing(header).is_empty()
    }

    /// The columns that the mapping names and the header lacks.
    pub fn missing<'a>(&'a self, header: &Header) -> Vec<&'a str> {
        let c = &self.columns;
        let needed = [Some(&c.order), c.sku.as_ref(), Some(&c.quantity), Some(&c.unit_price), Some(&c.placed_at)];
        needed.into_iter().flatten().map(String::as_str).filter(|name| header.find(&[&fold(name)]).is_none()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_maps_parse_and_mistakes_are_named() {
        let header =
            Header::of("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country".split(','));
        assert!(OrdersMap::built_in(&header).is_some_and(|m| m.returns.is_some()));
        let plain = Header::of("order,sku,title,quantity,unit_price,placed_at,customer,country".split(','));
        assert!(OrdersMap::built_in(&plain).is_some_and(|m| m.returns.is_none()));
        assert!(OrdersMap::built_in(&Header::of(["a", "b"])).is_none());
        let wrong = "format = \"orders\"\ncolour = 1\n[columns]\norder = \"a\"";
        assert!(OrdersMap::parse(wrong).unwrap_err().contains("colour"));
        assert!(
            OrdersMap::parse(
                "format = \"ads\"\n[columns]\norder=\"a\"\nquantity=\"q\"\nunit_price=\"p\"\nplaced_at=\"d\""
            )
            .is_err()
        );
    }
}
