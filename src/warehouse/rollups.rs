//! What DuckDB derives from the facts it has: the rollups and dim_customer. The same statements fill them all and refill the
//! days and customers that a batch touched.

use anyhow::Context as _;

use crate::duck::Connection;
use crate::error::Result;

/// A derived table: the select that fills it, with `{only}` where the touched rows are picked, and how they are.
struct Derived {
    table: &'static str,
    select: &'static str,
    /// Stands for `{only}` when only the touched rows are derived again.
    only: &'static str,
    /// Picks the touched rows in the table itself.
    stale: &'static str,
}

const SALES: &str = "select brand_id, day, store_id, connector, country, sum(orders)::bigint, sum(units)::bigint, \
    sum(fulfilled)::bigint, sum(gross)::bigint, sum(discount)::bigint, sum(shipping)::bigint, sum(tax)::bigint, \
    sum(cost)::bigint, sum(units_without_cost)::bigint, sum(unconverted_orders)::bigint, sum(refunds)::bigint, \
    sum(refund_tax)::bigint, sum(refund_shipping)::bigint, sum(refund_cost)::bigint, sum(refunded_units)::bigint, \
    sum(refunded_units_without_cost)::bigint, sum(unconverted_refunds)::bigint from ( \
    select brand_id, day, store_id, connector, country, 1 as orders, units, fulfilled, gross, discount, shipping, tax, cost, \
    units_without_cost, (gross is null)::int as unconverted_orders, null as refunds, null as refund_tax, \
    null as refund_shipping, null as refund_cost, 0 as refunded_units, 0 as refunded_units_without_cost, \
    0 as unconverted_refunds from fact_orders {only} \
    union all \
    select brand_id, day, store_id, connector, country, 0, 0, 0, null, null, null, null, null, 0, 0, goods, tax, shipping, \
    cost, quantity, case when cost is null then quantity else 0 end, (goods is null)::int from fact_refund_lines {only}) \
    group by brand_id, day, store_id, connector, country";

const PRODUCTS: &str = "select brand_id, day, product_id, variant_id, sum(units)::bigint, sum(fulfilled)::bigint, \
    sum(gross)::bigint, sum(discount)::bigint, sum(cost)::bigint, sum(units_without_cost)::bigint, \
    sum(unconverted_lines)::bigint, sum(refunds)::bigint, sum(refund_cost)::bigint, sum(refunded_units)::bigint, \
    sum(refunded_units_without_cost)::bigint, sum(unconverted_refunds)::bigint from ( \
    select brand_id, day, product_id, variant_id, quantity as units, fulfilled, gross, discount, cost, \
    case when cost is null then quantity else 0 end as units_without_cost, (gross is null)::int as unconverted_lines, \
    null as refunds, null as refund_cost, 0 as refunded_units, 0 as refunded_units_without_cost, 0 as unconverted_refunds \
    from fact_order_lines {only} \
    union all \
    select brand_id, day, product_id, variant_id, 0, 0, null, null, null, 0, 0, goods, cost, quantity, \
    case when cost is null then quantity else 0 end, (goods is null)::int from fact_refund_lines {only}) \
    group by brand_id, day, product_id, variant_id";

const ADS: &str = "select brand_id, day, channel, account_id, connector, campaign, sum(spend)::bigint, \
    sum(impressions)::bigint, sum(clicks)::bigint, sum(conversions_micros)::bigint, sum(revenue)::bigint, \
    sum((spend is null)::int)::bigint from fact_ad_days {only} \
    group by brand_id, day, channel, account_id, connector, campaign";

const CUSTOMERS: &str = "select customer_id, brand_id, firsts[1].order_id, firsts[1].at, firsts[1].day, firsts[2].at, \
    firsts[2].day, firsts[1].product, orders from ( \
    select customer_id, any_value(brand_id) as brand_id, count(*) as orders, \
    min({'at': placed_at, 'order_id': order_id, 'day': day, 'product': first_product_id}, 2) as firsts \
    from fact_orders where customer_id is not null {only} group by customer_id)";

const NEW_CUSTOMERS: &str =
    "select brand_id, first_day, count(*) from dim_customer {only} group by brand_id, first_day";

const TOUCHED_DAYS: &str = "where (brand_id, day) in (select brand_id, day from touched_days)";
const TOUCHED_AD_DAYS: &str = "where (brand_id, day) in (select brand_id, day from touched_ad_days)";
const TOUCHED_FIRST_DAYS: &str = "where (brand_id, first_day) in (select brand_id, day from touched_first_days)";

const DAILY_SALES: Derived = Derived { table: "daily_sales", select: SALES, only: TOUCHED_DAYS, stale: TOUCHED_DAYS };
const DAILY_PRODUCTS: Derived =
    Derived { table: "daily_products", select: PRODUCTS, only: TOUCHED_DAYS, stale: TOUCHED_DAYS };
const DAILY_ADS: Derived = Derived { table: "daily_ads", select: ADS, only: TOUCHED_AD_DAYS, stale: TOUCHED_AD_DAYS };
const DIM_CUSTOMER: Derived = Derived {
    table: "dim_customer",
    select: CUSTOMERS,
    only: "and customer_id in (select customer_id from touched_customers)",
    stale: "where customer_id in (select customer_id from touched_customers)",
};
const DAILY_NEW_CUSTOMERS: Derived = Derived {
    table: "daily_new_customers",
    select: NEW_CUSTOMERS,
    only: TOUCHED_FIRST_DAYS,
    stale: "where (brand_id, day) in (select brand_id, day from touched_first_days)",
};

/// Derives the rollup of orders and refunds, and the customers, from nothing.
pub(super) fn fill_sales(conn: &Connection) -> Result<()> {
    [DAILY_SALES, DIM_CUSTOMER, DAILY_NEW_CUSTOMERS].iter().try_for_each(|derived| fill(conn, derived))
}

/// Derives the rollups of products and of ads from nothing.
pub(super) fn fill_rest(conn: &Connection) -> Result<()> {
    [DAILY_PRODUCTS, DAILY_ADS].iter().try_for_each(|derived| fill(conn, derived))
}

/// Derives the touched days and customers of orders and refunds again; returns how many rows gave way.
pub(super) fn refill_sales(conn: &Connection) -> Result<usize> {
    let mut deleted = refill(conn, &DAILY_SALES)?;
    deleted += refill(conn, &DAILY_PRODUCTS)?;
    run(conn, NOTE_FIRST_DAYS)?;
    deleted += refill(conn, &DIM_CUSTOMER)?;
    run(conn, NOTE_FIRST_DAYS)?;
    Ok(deleted + refill(conn, &DAILY_NEW_CUSTOMERS)?)
}

/// Derives the touched days of ads again; returns how many rows gave way.
pub(super) fn refill_ads(conn: &Connection) -> Result<usize> {
    refill(conn, &DAILY_ADS)
}

/// The days on which touched customers ordered first: both before and after they are derived again.
const NOTE_FIRST_DAYS: &str = "insert into touched_first_days select distinct brand_id, first_day from dim_customer \
    where customer_id in (select customer_id from touched_customers)";

fn fill(conn: &Connection, derived: &Derived) -> Result<()> {
    run(conn, &format!("insert into {} {}", derived.table, derived.select.replace("{only}", "")))
}

fn refill(conn: &Connection, derived: &Derived) -> Result<usize> {
    let stale = format!("delete from {} {}", derived.table, derived.stale);
    let deleted = conn.execute(&stale, []).with_context(|| format!("deriving with {stale}"))?;
    run(conn, &format!("insert into {} {}", derived.table, derived.select.replace("{only}", derived.only)))?;
    Ok(deleted)
}

fn run(conn: &Connection, sql: &str) -> Result<()> {
    conn.execute_batch(sql).with_context(|| format!("deriving with {sql}"))?;
    Ok(())
}
