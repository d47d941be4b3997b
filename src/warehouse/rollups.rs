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

/// The order's, and of a refund its order's: `columns` of `metrics` says the same of facts.
const SALES: &str = "select brand_id, day, store_id, connector, country, customer_type, sum(orders)::bigint, \
    sum(units)::bigint, sum(fulfilled)::bigint, sum(gross)::bigint, sum(discount)::bigint, sum(shipping)::bigint, \
    sum(tax)::bigint, sum(cost)::bigint, sum(units_without_cost)::bigint, sum(sales_without_cost)::bigint, \
    sum(unconverted_orders)::bigint, sum(refunds)::bigint, sum(refund_tax)::bigint, sum(refund_shipping)::bigint, \
    sum(refund_cost)::bigint, sum(refunded_units)::bigint, sum(refunded_units_without_cost)::bigint, \
    sum(refunds_without_cost)::bigint, sum(unconverted_refunds)::bigint, sum(estimated_units)::bigint, \
    sum(estimated_cost)::bigint, sum(shipping_cost)::bigint, sum(handling_cost)::bigint, sum(payment_fee)::bigint, \
    sum(unconverted_costs)::bigint from ( \
    select f.brand_id, day, store_id, connector, country, \
    case when f.order_id = c.first_order_id then 'new' when f.order_id <> c.first_order_id then 'returning' end \
    as customer_type, 1 as orders, units, fulfilled, gross, discount, shipping, tax, cost, units_without_cost, \
    sales_without_cost, (gross is null)::int as unconverted_orders, null as refunds, null as refund_tax, \
    null as refund_shipping, null as refund_cost, 0 as refunded_units, 0 as refunded_units_without_cost, \
    null as refunds_without_cost, 0 as unconverted_refunds, estimated_units, estimated_cost, shipping_cost, handling_cost, \
    payment_fee, (shipping_cost is null or handling_cost is null or payment_fee is null)::int as unconverted_costs \
    from (from fact_orders {only}) f left join dim_customer c on c.customer_id = f.customer_id \
    union all \
    select f.brand_id, day, store_id, connector, country, \
    case when f.order_id = c.first_order_id then 'new' when f.order_id <> c.first_order_id then 'returning' end, \
    0, 0, 0, null, null, null, null, null, 0, null, 0, goods, tax, shipping, cost, quantity, \
    case when cost is null then quantity else 0 end, \
    case when cost is null and variant_id is not null and quantity > 0 then goods end, (goods is null)::int, 0, null, null, null, null, 0 \
    from (from fact_refund_lines {only}) f left join dim_customer c on c.customer_id = f.customer_id) \
    group by brand_id, day, store_id, connector, country, customer_type";

const PRODUCTS: &str = "select brand_id, day, product_id, variant_id, sum(units)::bigint, sum(fulfilled)::bigint, \
    sum(gross)::bigint, sum(discount)::bigint, sum(cost)::bigint, sum(units_without_cost)::bigint, \
    sum(sales_without_cost)::bigint, sum(unconverted_lines)::bigint, sum(refunds)::bigint, sum(refund_cost)::bigint, \
    sum(refunded_units)::bigint, sum(refunded_units_without_cost)::bigint, sum(refunds_without_cost)::bigint, \
    sum(unconverted_refunds)::bigint, sum(estimated_units)::bigint, sum(estimated_cost)::bigint, \
    sum(shipping_cost)::bigint, sum(handling_cost)::bigint, sum(payment_fee)::bigint, sum(unconverted_costs)::bigint from ( \
    select brand_id, day, product_id, variant_id, quantity as units, fulfilled, gross, discount, cost, \
    case when cost is null then quantity else 0 end as units_without_cost, \
    case when cost is null then gross - discount end as sales_without_cost, (gross is null)::int as unconverted_lines, \
    null as refunds, null as refund_cost, 0 as refunded_units, 0 as refunded_units_without_cost, \
    null as refunds_without_cost, 0 as unconverted_refunds, \
    case when estimated_cost is not null then quantity else 0 end as estimated_units, estimated_cost, shipping_cost, \
    handling_cost, payment_fee, (shipping_cost is null or handling_cost is null or payment_fee is null)::int \
    as unconverted_costs from fact_order_lines {only} \
    union all \
    select brand_id, day, product_id, variant_id, 0, 0, null, null, null, 0, null, 0, goods, cost, quantity, \
    case when cost is null then quantity else 0 end, \
    case when cost is null and variant_id is not null and quantity > 0 then goods end, (goods is null)::int, 0, null, null, null, null, 0 \
    from fact_refund_lines {only}) \
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

const TOUCHED_DAYS: &str = "where (brand_id, day) in (select brand_id, day from touched_days)";
const TOUCHED_AD_DAYS: &str = "where (brand_id, day) in (select brand_id, day from touched_ad_days)";

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
/// Derives the customers, and the rollup of orders and refunds that tells new ones, from nothing.
pub(super) fn fill_sales(conn: &Connection) -> Result<()> {
    [DIM_CUSTOMER, DAILY_SALES].iter().try_for_each(|derived| fill(conn, derived))
}

/// Derives the rollups of products and of ads from nothing.
pub(super) fn fill_rest(conn: &Connection) -> Result<()> {
    [DAILY_PRODUCTS, DAILY_ADS].iter().try_for_each(|derived| fill(conn, derived))
}

/// Derives the touched days and customers of orders and refunds again; returns how many rows gave way.
pub(super) fn refill_sales(conn: &Connection) -> Result<usize> {
    run(conn, NOTE_FIRSTS)?;
    let mut deleted = refill(conn, &DIM_CUSTOMER)?;
    run(conn, TOUCH_MOVED_FIRSTS)?;
    deleted += refill(conn, &DAILY_SALES)?;
    Ok(deleted + refill(conn, &DAILY_PRODUCTS)?)
}

/// Derives the touched days of ads again; returns how many rows gave way.
pub(super) fn refill_ads(conn: &Connection) -> Result<usize> {
    refill(conn, &DAILY_ADS)
}

/// The first orders of the touched customers, before they are derived again.
const NOTE_FIRSTS: &str = "insert into old_firsts select customer_id, first_order_id from dim_customer \
    where customer_id in (select customer_id from touched_customers)";

/// Where another order has become a customer's first, both change their customer type, and so do their refunds: their days
/// are touched too.
const TOUCH_MOVED_FIRSTS: &str = "create or replace temp table moved_firsts as \
    with new_firsts as (select customer_id, first_order_id from dim_customer \
    where customer_id in (select customer_id from touched_customers)) \
    (from old_firsts except from new_firsts) union all (from new_firsts except from old_firsts); \
    insert into touched_days \
    select distinct brand_id, day from fact_orders where order_id in (select first_order_id from moved_firsts) \
    union select distinct brand_id, day from fact_refund_lines where customer_id in (select customer_id from moved_firsts)";

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
