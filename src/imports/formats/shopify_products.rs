//! Shopify's products export: one row a variant, the product's own fields on the first row of its handle; rows that only carry
//! another image are passed over. Both the layout of "Handle / Variant SKU" and the newer one of "URL handle / SKU" are read.

use super::{Cells, Format, Key, Output, Reading, Reject, Setting, Slots, Style, clip, lacking, money, text};
use crate::commerce::rows::{Product, UnitCost, Variant, VariantRef};
use crate::imports::text::header::Header;
use crate::imports::text::records::Record;
use crate::money::Currency;

struct Columns {
    handle: usize,
    title: usize,
    vendor: Option<usize>,
    kind: Option<usize>,
    category: Option<usize>,
    tags: Option<usize>,
    collection: Option<usize>,
    option_names: [Option<usize>; 3],
    option_values: [Option<usize>; 3],
    sku: Option<usize>,
    price: Option<usize>,
    cost: Option<usize>,
}

/// See the module's text.
pub struct ShopifyProducts {
    columns: Columns,
    currency: Currency,
    today: jiff::civil::Date,
    style: Style,
    drafts: Slots<Draft>,
}

struct Draft {
    product: Product,
    /// The names of the options stand on the first row only.
    options: [String; 3],
    costs: Vec<UnitCost>,
}

impl ShopifyProducts {
    /// Finds the columns in either layout.
    pub fn new(header: &Header, setting: &Setting) -> Result<Self, String> {
        let handle = header.find(&["handle", "url handle"]);
        let title = header.find(&["title"]);
        lacking(Format::ShopifyProducts, &[("Handle", handle.is_some()), ("Title", title.is_some())])?;
        let columns = Columns {
            handle: handle.unwrap_or_default(),
            title: title.unwrap_or_default(),
            vendor: header.find(&["vendor"]),
            kind: header.find(&["type", "custom product type"]),
            category: header.find(&["product category", "standard product type"]),
            tags: header.find(&["tags"]),
            collection: header.find(&["collection"]),
            option_names: ["option1 name", "option2 name", "option3 name"].map(|n| header.find(&[n])),
            option_values: ["option1 value", "option2 value", "option3 value"].map(|n| header.find(&[n])),
            sku: header.find(&["variant sku", "sku"]),
            price: header.find(&["variant price", "price"]),
            cost: header.find(&["cost per item"]),
        };
        let (currency, today) = (setting.currency, setting.today);
        Ok(Self { columns, currency, today, style: Style::default(), drafts: Slots::new() })
    }

    fn start(&self, record: &Record) -> Result<Draft, Reject> {
        let c = &self.columns;
        let title =
            text(record, Some(c.title)).ok_or(Reject::Borrowed("The product has no \"Title\" on its first row."))?;
        let category = text(record, c.kind).or_else(|| {
            record
                .some(c.category)
                .and_then(|path| path.rsplit('>').next())
                .map(|last| clip(last.trim(), 200).to_owned())
        });
        let tags = record.some(c.tags).into_iter().flat_map(|t| t.split(',')).map(str::trim).filter(|t| !t.is_empty());
        let mut collections: Vec<String> =
            record.some(c.collection).map(|t| clip(t, 200).to_owned()).into_iter().collect();
        for tag in tags.take(50).map(|t| clip(t, 200)) {
            if !collections.iter().any(|c| c == tag) {
                collections.push(tag.to_owned());
            }
        }
        let key = clip(record.get(c.handle), 300).to_owned();
        let vendor = text(record, c.vendor);
        let product = Product { key, source_id: None, title, category, vendor, collections, variants: Vec::new() };
        let options = c.option_names.map(|at| record.some(at).unwrap_or_default().to_lowercase());
        Ok(Draft { product, options, costs: Vec::new() })
    }

    fn variant(&self, draft: &mut Draft, record: &Record) -> Result<(), Reject> {
        let c = &self.columns;
        let values: Vec<&str> = c.option_values.iter().filter_map(|at| record.some(*at)).collect();
        let price = money(record, c.price, self.style, "The price")?;
        let sku = text(record, c.sku).map(|s| s.trim_start_matches('\'').to_owned());
        let cost = money(record, c.cost, self.style, "Cost per item")?;
        if values.is_empty() && price.is_none() && sku.is_none() {
            return Ok(());
        }
        if price.is_some_and(|p| p < 0) || cost.is_some_and(|p| p < 0) {
            return Err("The price or the cost is negative.".into());
        }
        let title = line_title(&draft.product.title, &values);
        // The catalogue puts the product's title before it, as an order's line has it.
        let own = if matches!(values[..], [] | ["Default Title"]) { None } else { Some(values.join(" / ")) };
        let size = draft.options.iter().position(|o| is_size(o)).and_then(|i| record.some(c.option_values[i]));
        if let Some(cost_micros) = cost {
            let variant = VariantRef { sku: sku.clone(), title };
            draft.costs.push(UnitCost { variant, from_day: self.today, cost_micros, currency: self.currency });
        }
        draft.product.variants.push(Variant {
            sku,
            title: own,
            size: size.map(|s| clip(s, 100).to_owned()),
            price: price.map(|p| (p, self.currency)),
        });
        Ok(())
    }
}

impl Reading for ShopifyProducts {
    fn cells(&self) -> Cells {
        let money = [self.columns.price, self.columns.cost].into_iter().flatten().collect();
        Cells { money, ..Cells::default() }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, record: &'r Record) -> Key<'r> {
        match record.get(self.columns.handle) {
            "" => Key::Above,
            handle => Key::Of(handle, ""),
        }
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let mut draft = match self.drafts.take(slot) {
            Some(draft) => draft,
            None => self.start(record)?,
        };
        self.variant(&mut draft, record)?;
        *self.drafts.at(slot) = Some(draft);
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        if let Some(draft) = self.drafts.take(slot) {
            out.batch.products.push(draft.product);
            out.batch.costs_now.extend(draft.costs);
        }
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

/// How an order names the variant: `Hoodie - M / Red`; a product without options has the one value "Default Title".
pub(super) fn line_title(title: &str, values: &[&str]) -> String {
    match values {
        [] | ["Default Title"] => title.to_owned(),
        values => clip(&format!("{title} - {}", values.join(" / ")), 500).to_owned(),
    }
}

fn is_size(option: &str) -> bool {
    matches!(
        option,
        "size"
            | "größe"
            | "grösse"
            | "taille"
            | "talla"
            | "tamaño"
            | "maat"
            | "taglia"
            | "tamanho"
            | "storlek"
            | "størrelse"
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Style, read_all, test_setting};
    use super::*;

    const CLASSIC: &str = include_str!("../../../tests/fixtures/imports/shopify_products.csv");
    const NEWER: &str = include_str!("../../../tests/fixtures/imports/shopify_products_newer.csv");

    #[test]
    fn reads_variants_sizes_costs_and_tags() {
        let (out, rejects) = read_all(Format::ShopifyProducts, CLASSIC, &test_setting(), Style::default());
        assert_eq!(rejects, vec![]);
        let products = &out.batch.products;
        assert_eq!(products.len(), 3);
        let hoodie = &products[0];
        assert_eq!((hoodie.key.as_str(), hoodie.category.as_deref()), ("alpine-fleece-hoodie", Some("Apparel")));
        assert_eq!(hoodie.collections, vec!["Winter Essentials", "bestseller"]);
        let sizes: Vec<_> = hoodie.variants.iter().map(|v| v.size.as_deref()).collect();
        assert_eq!(sizes, vec![Some("S"), Some("M")]);
        assert_eq!(hoodie.variants[1].title.as_deref(), Some("Moss / M"));
        assert_eq!(products[1].variants[0].title, None);
        assert_eq!(products[1].category.as_deref(), Some("Candles"));
        assert_eq!(out.batch.costs_now.len(), 3);
        assert_eq!(out.batch.costs_now[0].cost_micros, 21_400_000);
        assert_eq!(products[2].title, "Line one, \"two\"\nthree");
    }

    #[test]
    fn reads_the_newer_layout() {
        let (out, rejects) = read_all(Format::ShopifyProducts, NEWER, &test_setting(), Style::default());
        assert_eq!(rejects, vec![]);
        assert_eq!(out.batch.products.len(), 1);
        assert_eq!(out.batch.products[0].variants.len(), 2);
        assert_eq!(out.batch.costs_now.len(), 2);
    }
}
