//! Touches, written where the pixel's feed writes them.

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
