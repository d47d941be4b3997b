//! Takes a demo brand's data away again.

use rusqlite::{Transaction, params};
use serde_json::json;

use super::change_log::{self, Kind};
use crate::brands::Brand;
use crate::error::{Error, Result};

/// Children first; each takes the brand's id.
const DELETES: [&str; 16] = [
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
];

/// Deletes everything that was landed for a demo brand, which is an ordinary empty brand afterwards. Returns the change-log
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
    tx.execute("update brands set demo = 0 where id = ?", params![brand.id])?;
    let seq = change_log::next_seq(tx)?;
    change_log::write(tx, seq, Some(brand.id), at_ms, Kind::Rebuild, &json!({ "removed": "demo" }))?;
    Ok(seq)
}
