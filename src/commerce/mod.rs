//! What every source lands: orders, refunds, customers, products, costs, stock and ad performance. The only writer of those
//! tables is [`Lander`]; the warehouse follows from the change log that it keeps.

mod ads;
pub mod arrival;
mod bulk;
mod catalogue;
mod change_log;
mod costs;
mod customers;
mod day_set;
mod deleted;
pub mod demo;
mod digest;
mod erased;
mod freshness;
mod known;
mod lander;
mod marks;
mod orders;
pub mod privacy;
pub mod rates;
mod refunds;
pub mod routes;
pub mod rows;
mod stock;
pub mod touches;
pub mod visits;
mod wipe;
mod wipe_pieces;

use jiff::Timestamp;

use crate::brands::Brand;
use crate::error::Result;
use crate::secrets::Purpose;
use crate::tenants::Tenant;

pub use arrival::Arrival;
pub use change_log::{ad_row_id, begin_anew, day_number, read_anew};
pub use customers::CustomerHash;
pub use freshness::{Freshness, freshness, reached};
pub use lander::{Landed, Lander, Tally};
pub use marks::{Marker, Marks};
pub use wipe::{LandedOf, remove_demo, remove_landed};
pub use wipe_pieces::{Picked, pick_landed, remove_picked};

/// Lands one whole batch of one brand and connector in a transaction of its own and announces it. For a source that comes in
/// several batches (a file) hold a [`Lander`] instead and call its `finish` in the last transaction.
///
/// # Errors
/// Whatever SQLite says; nothing of the batch is left then.
pub async fn land(
    tenant: &Tenant,
    brand: &Brand,
    connector: &str,
    batch: rows::Batch,
    now: Timestamp,
) -> Result<Landed> {
    let mut lander = Lander::new(&tenant.key().derive(Purpose::CustomerIdentity), brand, connector, now);
    let landed = tenant.db().write(move |tx| lander.land_whole(tx, &batch)).await?;
    if let Some(seq) = landed.seq {
        tenant.announce(brand.id, seq);
    }
    Ok(landed)
}
