//! Takes data away again: all of a demo brand's, or what one integration landed.

use rusqlite::{Transaction, params};
use serde_json::json;

use super::change_log::{self, Kind};
use crate::brands::Brand;
use crate::error::{Error, Result};

/// Children first; each takes the brand's id.
const DELETES: [&str; 22] = [
    "delete from touches where brand_id = ?",
    "delete from visit_orders where brand_id = ?",
    "delete from visits where brand_id = ?",
    "delete from visitors where brand_id = ?",
    "delete from order_lines where order_id in (select id from orders where brand_id = ?)",
    "delete from refund_lines where refund_id in (select id from refunds where brand_id = ?)",
    "delete from refunds where brand_id = ?",
    "delete from orders where brand_id = ?",
    "delete from stock_levels where brand_id = ?",
    "delete from ad_days where ad_id in \
     (select a.id from ads a join ad_accounts c on c.id = a.account_id where c.brand_id = ?)",
    "delete from ads where account_id in (select id from ad_accounts where brand_id = ?)",
    "delete from ad_accounts where brand_id = ?",
    "delete from unit_costs where brand_id = ?",
    "delete from variants where brand_id = ?",
    "delete from products where brand_id = ?",
    "delete from warehouses where brand_id = ?",
    "delete from customers where brand_id = ?",
    "delete from stores where brand_id = ?",
    "delete from source_freshness where brand_id = ?",
    "delete from deleted_rows where brand_id = ?",
    "delete from costs where brand_id = ?",
    "delete from shop_statements where brand_id = ?",
];

/// Deletes everything that was landed and entered for a demo brand, which is an ordinary empty brand afterwards. Returns the change-log
/// entry to announce.
///
/// # Errors
/// `Conflict` when the brand is not a demo brand: real data has no such button.
pub fn remove_demo(tx: &Transaction, brand: &Brand, at_ms: i64) -> Result<i64> {
    if !brand.demo {
        return Err(Error::conflict("not_a_demo_brand", "this brand holds no demo data"));
    }
    for delete in DELETES {
        tx.execute(delete, [brand.id])?;
    }
    let ordinary = "update brands set demo = 0, settings = json_remove(settings, '$.demo_costs') where id = ?";
    tx.execute(ordinary, [brand.id])?;
    let seq = change_log::next_seq(tx)?;
    change_log::write(tx, seq, Some(brand.id), at_ms, Kind::Rebuild, &json!({ "removed": "demo" }))?;
    Ok(seq)
}

/// What an integration landed rows of.
#[derive(Debug, Default, Clone)]
pub struct LandedOf {
    /// Names of stores.
    pub stores: Vec<String>,
    /// Names of warehouses.
    pub warehouses: Vec<String>,
    /// Channel and id of ad accounts.
    pub ad_accounts: Vec<(String, String)>,
    /// Also what the catalogue has that no order, refund or stock level needs.
    pub catalogue: bool,
}

const WAREHOUSE: &str = "delete from warehouses where brand_id = ?1 and name = ?2";
const OF_ACCOUNT: [&str; 2] = [
    "delete from ads where account_id in (select id from ad_accounts where brand_id = ?1 and channel = ?2 and external_id = ?3)
     and not exists (select 1 from ad_days d where d.ad_id = ads.id)",
    "delete from ad_accounts where brand_id = ?1 and channel = ?2 and external_id = ?3
     and not exists (select 1 from ads a where a.account_id = ad_accounts.id)",
];
const CATALOGUE: [&str; 4] = [
    "create temp table unneeded as select id from variants where brand_id = ?1
     and id not in (select l.variant_id from order_lines l) and id not in (select variant_id from stock_levels)
     and id not in (select variant_id from refund_lines where variant_id is not null)",
    "delete from unit_costs where brand_id = ?1 and variant_id in (select id from unneeded)",
    "delete from variants where brand_id = ?1 and id in (select id from unneeded)",
    "delete from products where brand_id = ?1 and not exists (select 1 from variants v where v.product_id = products.id)",
];
const FRESHNESS: [(&str, &str); 3] = [
    ("orders", "select 1 from orders where brand_id = ?1 and connector = ?2"),
    ("stock", "select 1 from stock_levels where brand_id = ?1 and ?2 <> ''"),
    (
        "ads",
        "select 1 from ad_accounts c join ads a on a.account_id = c.id join ad_days d on d.ad_id = a.id
         where c.brand_id = ?1 and d.connector = ?2",
    ),
];

/// Deletes what is left once everything that one integration landed for a brand through `connector` went in pieces. Returns the
/// change-log entry to announce: readers of the log read everything again.
///
/// # Errors
/// Whatever SQLite says.
pub fn remove_landed(tx: &Transaction, brand_id: i64, connector: &str, of: &LandedOf, at_ms: i64) -> Result<i64> {
    for warehouse in &of.warehouses {
        tx.execute(WAREHOUSE, params![brand_id, warehouse])?;
    }
    for (channel, account) in &of.ad_accounts {
        for delete in OF_ACCOUNT {
            tx.execute(delete, params![brand_id, channel, account])?;
        }
    }
    if of.catalogue {
        for delete in CATALOGUE {
            tx.execute(delete, [brand_id])?;
        }
        tx.execute_batch("drop table unneeded")?;
    }
    for (kind, left) in FRESHNESS {
        let forget = format!(
            "delete from source_freshness where brand_id = ?1 and connector = ?2 and kind = ?3 and not exists ({left})"
        );
        tx.execute(&forget, params![brand_id, connector, kind])?;
    }
    if of.catalogue {
        let forget = "delete from source_freshness where brand_id = ? and connector = ? and kind = 'products'";
        tx.execute(forget, params![brand_id, connector])?;
    }
    let seq = change_log::next_seq(tx)?;
    change_log::write(tx, seq, Some(brand_id), at_ms, Kind::Rebuild, &json!({ "removed": connector }))?;
    Ok(seq)
}
