//! Touches, written where the pixel's feed writes them.

use pulsepoint::attribution::{self, Ledger};
use pulsepoint::brands::Brand;
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;

/// A touch so many seconds before an order (after it where negative).
pub struct Before {
    /// The order's id at its source.
    pub order: &'static str,
    pub seconds: i64,
    pub channel: &'static str,
    pub campaign: Option<&'static str>,
    /// Only this order may have it.
    pub bound: bool,
}

/// A touch that nothing else is to be said of.
pub fn before(order: &'static str, seconds: i64, channel: &'static str) -> Before {
    Before { order, seconds, channel, campaign: None, bound: false }
}

/// Writes touches of the persons who placed the orders, numbered from `first`; their local days are New York's in winter.
pub async fn touch(tenant: &Tenant, brand: &Brand, first: usize, touches: &[Before]) {
    let brand = brand.id;
    let rows = touches.iter().enumerate().map(|(at, touch)| {
        let campaign = touch.campaign.map_or("null".to_owned(), |name| format!("'{}'", name.replace('\'', "''")));
        let (id, seconds, bound) = (first + at, touch.seconds, touch.bound);
        let (channel, order) = (touch.channel.replace('\'', "''"), touch.order);
        format!(
            "insert into fact_touches select brand_id, {id}, coalesce(4 * customer_id::bigint, 4 * order_id + 2), \
             (placed_at - {seconds}) * 1000, make_timestamp((placed_at - {seconds} - 18000) * 1000000)::date, '{channel}', \
             'src', null, {campaign}, null, null, '/', case when {bound} then order_id end \
             from fact_orders where brand_id = {brand} and external_id = '{order}'"
        )
    });
    write(tenant, rows.collect::<Vec<_>>().join(";\n")).await;
}

/// Runs statements in the tenant's warehouse.
pub async fn write(tenant: &Tenant, sql: String) {
    let warehouse = warehouse::of(tenant);
    warehouse.caught_up(tenant).await.unwrap();
    warehouse.query(move |conn| Ok(conn.execute_batch(&sql).map_err(anyhow::Error::from)?)).await.unwrap();
}

/// Of every brand what attribution keeps in memory, brought forward again and again, is what it would read anew.
pub async fn ledgers_agree(tenant: &Tenant, brands: &[Brand], when: &str) {
    for brand in brands {
        let id = brand.id;
        let both = attribution::with_ledger(tenant, id, move |reading, conn| {
            Ok((lines(reading.ledger()), lines(&Ledger::read(conn, id)?)))
        });
        let ((kept, anew), _) = both.await.unwrap();
        assert_eq!(kept, anew, "brand {id}, {when}");
    }
}

/// A ledger in words, whichever way it numbers them.
fn lines(ledger: &Ledger) -> Vec<String> {
    let order = |at: Option<u32>| at.map(|at| ledger.orders[at as usize].id);
    let refund = |at: usize| {
        let of = &ledger.refunds[at];
        format!("{} of {:?}: {} {} {}", of.id, order(of.order), of.at, of.day, of.goods)
    };
    let mut refunds: Vec<String> = (0..ledger.refunds.len()).map(refund).collect();
    refunds.sort();
    let mut channels = ledger.channels.clone();
    channels.sort();
    let orders = ledger.orders.iter().map(|order| format!("{order:?}"));
    let touches = ledger.touches.iter().map(|touch| {
        let came = ledger.tags[touch.tag as usize].map(|word| word.map(|word| &ledger.words[word as usize]));
        format!("{} {} {} {} {} {came:?}", touch.person, touch.at_ms, touch.id, touch.order, touch.day)
    });
    orders.chain(refunds).chain(touches).chain(channels).collect()
}
