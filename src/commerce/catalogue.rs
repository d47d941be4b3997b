//! Products, their variants and what a unit costs. An order line may imply a product that no catalogue has named yet; a
//! catalogue may take such a variant over, an order line never changes what a catalogue said.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use super::change_log::note_deleted;
use super::lander::{Lander, Work};
use super::orders::json_list;
use super::rows::{Product, Variant, VariantRef};
use crate::error::Result;
use crate::money::Currency;

/// The brand's variants as far as they were needed, by key.
#[derive(Default)]
pub(super) struct Catalogue {
    by_sku: HashMap<Box<str>, i64>,
    by_title: HashMap<Box<str>, i64>,
}

/// A variant as it is stored.
struct StoredVariant {
    id: i64,
    product_id: i64,
    same: bool,
}

impl Catalogue {
    /// The id of the variant that an order line, refund, cost or stock row names, implied where unknown.
    pub(super) fn variant(&mut self, work: &mut Work, named: &VariantRef) -> Result<i64> {
        let (ids, text) = match &named.sku {
            Some(sku) => (&mut self.by_sku, sku.as_str()),
            None => (&mut self.by_title, named.title.as_str()),
        };
        if let Some(id) = ids.get(text) {
            return Ok(*id);
        }
        let key = variant_key(named.sku.as_deref(), &named.title);
        let stored = work
            .tx
            .prepare_cached("select id from variants where brand_id = ? and key = ?")?
            .query_row(params![work.brand_id, key], |row| row.get(0))
            .optional()?;
        let id = match stored {
            Some(id) => id,
            None => imply(work, &key, named)?,
        };
        ids.insert(text.into(), id);
        Ok(id)
    }

    /// The id of a variant that is there already.
    pub(super) fn known(&self, work: &Work, named: &VariantRef) -> Result<Option<i64>> {
        let cached = match &named.sku {
            Some(sku) => self.by_sku.get(sku.as_str()),
            None => self.by_title.get(named.title.as_str()),
        };
        if let Some(id) = cached {
            return Ok(Some(*id));
        }
        let key = variant_key(named.sku.as_deref(), &named.title);
        let mut find = work.tx.prepare_cached("select id from variants where brand_id = ? and key = ?")?;
        Ok(find.query_row(params![work.brand_id, key], |row| row.get(0)).optional()?)
    }
}

fn variant_key(sku: Option<&str>, title: &str) -> String {
    sku.map_or_else(|| format!("title:{title}"), str::to_owned)
}

/// Adds the variant under the product of its title.
fn imply(work: &mut Work, key: &str, named: &VariantRef) -> Result<i64> {
    let title = match (named.title.trim(), &named.sku) {
        ("", Some(sku)) => sku.as_str(),
        (title, _) => title,
    };
    let product_key = format!("title:{title}");
    let stored = work
        .tx
        .prepare_cached("select id from products where brand_id = ? and key = ?")?
        .query_row(params![work.brand_id, product_key], |row| row.get(0))
        .optional()?;
    let product: i64 = match stored {
        Some(id) => id,
        None => {
            work.tx
                .prepare_cached("insert into products (brand_id, key, title, rev) values (?, ?, ?, ?)")?
                .execute(params![work.brand_id, product_key, title, work.rev])?;
            work.tx.last_insert_rowid()
        }
    };
    work.tx
        .prepare_cached("insert into variants (brand_id, product_id, key, sku, title, rev) values (?, ?, ?, ?, ?, ?)")?
        .execute(params![work.brand_id, product, key, named.sku, title, work.rev])?;
    work.changed = true;
    Ok(work.tx.last_insert_rowid())
}

impl Lander {
    pub(super) fn land_products(&mut self, work: &mut Work, products: &[Product]) -> Result<()> {
        for product in products {
            let (id, changed) = land_product(work, product)?;
            if changed {
                work.changed = true;
            }
            if product.variants.is_empty() {
                work.landed.products.count(1, changed);
            }
            for variant in &product.variants {
                let moved = land_variant(work, product, id, variant)?;
                work.landed.products.count(1, moved || changed);
                work.changed |= moved;
            }
        }
        if !products.is_empty() {
            work.reach.products(work.now.as_second());
        }
        Ok(())
    }
}

/// The product's id, and whether anything about it changed. One whose key is new may be known by its source's number.
fn land_product(work: &Work, product: &Product) -> Result<(i64, bool)> {
    rename(work, product)?;
    let (id, changed) = put_product(work, product)?;
    if let Some(source_id) = &product.source_id {
        work.tx
            .prepare_cached(
                "insert into product_sources (brand_id, source_id, product_id) values (?, ?, ?) \
                 on conflict (brand_id, source_id) do update set product_id = excluded.product_id \
                 where product_id <> excluded.product_id",
            )?
            .execute(params![work.brand_id, source_id, id])?;
    }
    Ok((id, changed))
}

fn put_product(work: &Work, product: &Product) -> Result<(i64, bool)> {
    let collections = json_list(&product.collections);
    let stored: Option<(i64, bool)> = work
        .tx
        .prepare_cached(
            "select id, from_catalogue = 1 and title = ?3 and category is ?4 and vendor is ?5 and collections = ?6 \
             from products where brand_id = ?1 and key = ?2",
        )?
        .query_row(
            params![work.brand_id, product.key, product.title, product.category, product.vendor, collections],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match stored {
        Some((id, true)) => return Ok((id, false)),
        Some((id, false)) => {
            work.tx
                .prepare_cached(
                    "update products set title = ?, category = ?, vendor = ?, collections = ?, from_catalogue = 1, rev = ? \
                     where id = ?",
                )?
                .execute(params![product.title, product.category, product.vendor, collections, work.rev, id])?;
            return Ok((id, true));
        }
        None => {}
    }
    work.tx
        .prepare_cached(
            "insert into products (brand_id, key, title, category, vendor, collections, from_catalogue, rev) \
             values (?, ?, ?, ?, ?, ?, 1, ?)",
        )?
        .execute(params![
            work.brand_id,
            product.key,
            product.title,
            product.category,
            product.vendor,
            collections,
            work.rev
        ])?;
    Ok((work.tx.last_insert_rowid(), true))
}

/// Gives a product that its source knows by the same number the new key. Where another has that key, or other sources know the product,
/// too, it is the number alone that moves.
fn rename(work: &Work, product: &Product) -> Result<()> {
    let Some(source_id) = &product.source_id else { return Ok(()) };
    let known: Option<i64> = work
        .tx
        .prepare_cached(
            "select p.id from product_sources s join products p on p.id = s.product_id \
             where s.brand_id = ? and s.source_id = ? and p.key <> ?",
        )?
        .query_row(params![work.brand_id, source_id, product.key], |row| row.get(0))
        .optional()?;
    let Some(known) = known else { return Ok(()) };
    let renamed = work
        .tx
        .prepare_cached(
            "update products set key = ?2 where id = ?3 \
             and not exists (select 1 from products where brand_id = ?1 and key = ?2) \
             and not exists (select 1 from product_sources where product_id = ?3 and source_id <> ?4)",
        )?
        .execute(params![work.brand_id, product.key, known, source_id])?;
    if renamed == 0 {
        forget_source(work, source_id)?;
    }
    Ok(())
}

/// Forgets a source's number of a product.
pub(super) fn forget_source(work: &Work, source_id: &str) -> Result<()> {
    let sql = "delete from product_sources where brand_id = ? and source_id = ?";
    work.tx.prepare_cached(sql)?.execute(params![work.brand_id, source_id])?;
    Ok(())
}

/// Lands one variant of the catalogue; says whether it changed. It takes over a variant that order lines implied.
fn land_variant(work: &Work, product: &Product, product_id: i64, variant: &Variant) -> Result<bool> {
    // The platform names a line "Product - Variant"; a product of one variant goes by its own title.
    let title = match &variant.title {
        Some(title) => format!("{} - {title}", product.title),
        None => product.title.clone(),
    };
    let key = variant_key(variant.sku.as_deref(), &title);
    let price = variant.price.map(|(micros, _)| micros);
    let currency = variant.price.as_ref().map(|(_, currency)| Currency::code(currency));
    let stored = work
        .tx
        .prepare_cached(
            "select id, product_id, from_catalogue = 1 and product_id = ?3 and sku is ?4 and title is ?5 and size is ?6 \
             and price_micros is ?7 and price_currency is ?8 from variants where brand_id = ?1 and key = ?2",
        )?
        .query_row(
            params![work.brand_id, key, product_id, variant.sku, title, variant.size, price, currency],
            |row| Ok(StoredVariant { id: row.get(0)?, product_id: row.get(1)?, same: row.get(2)? }),
        )
        .optional()?;
    let Some(stored) = stored else {
        work.tx
            .prepare_cached(
                "insert into variants (brand_id, product_id, key, sku, title, size, price_micros, price_currency, \
                 from_catalogue, rev) values (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            )?
            .execute(params![
                work.brand_id,
                product_id,
                key,
                variant.sku,
                title,
                variant.size,
                price,
                currency,
                work.rev
            ])?;
        return Ok(true);
    };
    if stored.same {
        return Ok(false);
    }
    work.tx
        .prepare_cached(
            "update variants set product_id = ?1, sku = ?2, title = ?3, size = ?4, price_micros = ?5, \
             price_currency = ?6, from_catalogue = 1, rev = ?7, \
             moved_rev = case when product_id = ?1 then moved_rev else ?7 end where id = ?8",
        )?
        .execute(params![product_id, variant.sku, title, variant.size, price, currency, work.rev, stored.id])?;
    if stored.product_id != product_id {
        drop_if_childless(work, stored.product_id)?;
    }
    Ok(true)
}

/// Drops a product that was only implied and has lost its last variant.
pub(super) fn drop_if_childless(work: &Work, product_id: i64) -> Result<()> {
    let dropped = work
        .tx
        .prepare_cached(
            "delete from products where id = ?1 and from_catalogue = 0 \
             and not exists (select 1 from variants where product_id = ?1)",
        )?
        .execute([product_id])?;
    if dropped > 0 {
        note_deleted(work.tx, work.rev, work.brand_id, "products", product_id)?;
    }
    Ok(())
}
