//! The figures of a tenant three ways: from the facts of its warehouse, from the rollups, and by SQL written by hand over SQLite
//! that shares nothing with the feed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;

/// Figures by brand and day.
pub type Figures = BTreeMap<(i64, String), Vec<Option<i64>>>;

/// Offsets of New York (brand 1) and London (brand 2) in 2026, and the brand's currency: written out, not computed.
const LOCAL: &str = "case b.id
    when 1 then case when {at} >= 1772953200 and {at} < 1793512800 then -14400 else -18000 end
    else case when {at} >= 1774746000 and {at} < 1792890000 then 3600 else 0 end end";

/// The rate of a day times 100, carried at most seven days; only EUR is ever foreign.
const RATE: &str =
    "case when {cur} = b.currency then 100 else (select cast(round(r.rate * 100) as integer) from rates r
    where r.base = {cur} and r.quote = b.currency and r.day <= {day} and r.day >= date({day}, '-7 days')
    order by r.day desc limit 1) end";

fn local_day(at: &str) -> String {
    format!("date({at} + {}, 'unixepoch')", LOCAL.replace("{at}", at))
}

fn rate(currency: &str, day: &str) -> String {
    RATE.replace("{cur}", currency).replace("{day}", day)
}

/// Orders of a brand's day: orders, units, fulfilled, gross, discount, cost, units without cost, shipping, tax, customers.
fn sales_by_hand() -> String {
    let day = local_day("o.placed_at");
    let rate_of_order = rate("x.currency", "x.day");
    let cost = rate("c.currency", "x.day");
    format!(
        "with b as (select * from brands),
        x as (select o.*, {day} as day from orders o join b on b.id = o.brand_id where o.test = 0),
        o as (select x.*, ({rate_of_order}) as rate from x join b on b.id = x.brand_id),
        l as (select o.id, o.brand_id, o.day, o.rate, l.*, (select c.cost_micros * l.quantity * ({cost}) / 100 from unit_costs c
              where c.variant_id = l.variant_id and c.from_day <= x.day order by c.from_day desc limit 1) as cost
              from o join x on x.id = o.id join b on b.id = o.brand_id join order_lines l on l.order_id = o.id where l.gift_card = 0),
        s as (select brand_id, day, sum(quantity) as units, sum(fulfilled_quantity) as fulfilled,
              sum(price_micros * quantity * rate / 100) as gross, sum(discount_micros * rate / 100) as discount, sum(cost) as cost,
              coalesce(sum(quantity) filter (where cost is null), 0) as uncosted from l group by brand_id, day)
        select o.brand_id, o.day, count(*), coalesce(s.units, 0), coalesce(s.fulfilled, 0), coalesce(s.gross, 0),
            coalesce(s.discount, 0), coalesce(s.cost, 0), coalesce(s.uncosted, 0),
            coalesce(sum((o.shipping_micros - o.shipping_discount_micros) * o.rate / 100), 0),
            coalesce(sum(o.tax_micros * o.rate / 100), 0), count(distinct o.customer_id)
        from o left join s on s.brand_id = o.brand_id and s.day = o.day group by o.brand_id, o.day"
    )
}

/// Refunds of a brand's day: goods, tax, shipping, units, cost.
fn refunds_by_hand() -> String {
    let (day, order_day) = (local_day("r.refunded_at"), local_day("coalesce(o.placed_at, r.refunded_at)"));
    let (rate_of_refund, cost) = (rate("x.currency", "x.day"), rate("c.currency", "r.order_day"));
    format!(
        "with b as (select * from brands),
        x as (select r.*, {day} as day, {order_day} as order_day from refunds r join b on b.id = r.brand_id
              left join orders o on o.id = r.order_id where coalesce(o.test, 0) = 0),
        r as (select x.*, ({rate_of_refund}) as rate from x join b on b.id = x.brand_id),
        l as (select r.brand_id, r.day, l.goods_micros * r.rate / 100 as goods, l.quantity,
              case when l.variant_id is null or l.quantity = 0 then 0 else (select c.cost_micros * l.quantity * ({cost}) / 100
              from unit_costs c where c.variant_id = l.variant_id and c.from_day <= r.order_day
              order by c.from_day desc limit 1) end as cost
              from r join b on b.id = r.brand_id join refund_lines l on l.refund_id = r.id
              where not exists (select 1 from order_lines g where g.order_id = r.order_id and g.variant_id = l.variant_id
              and g.gift_card = 1)),
        s as (select brand_id, day, sum(goods) as goods, sum(quantity) as units, sum(cost) as cost from l group by 1, 2)
        select r.brand_id, r.day, coalesce(s.goods, 0), coalesce(sum(r.tax_micros * r.rate / 100), 0),
            coalesce(sum(r.shipping_micros * r.rate / 100), 0), coalesce(s.units, 0), coalesce(s.cost, 0)
        from r left join s on s.brand_id = r.brand_id and s.day = r.day group by r.brand_id, r.day"
    )
}

/// Ads of a brand's day: spend, impressions, clicks, conversions, revenue.
fn ads_by_hand() -> String {
    let rate = rate("c.currency", "d.day");
    format!(
        "select b.id, d.day, coalesce(sum(d.spend_micros * ({rate}) / 100), 0), sum(d.impressions), sum(d.clicks),
            sum(d.conversions_micros), coalesce(sum(d.revenue_micros * ({rate}) / 100), 0)
        from ad_days d join ads a on a.id = d.ad_id join ad_accounts c on c.id = a.account_id join brands b on b.id = c.brand_id
        group by b.id, d.day"
    )
}

const STOCK_BY_HAND: &str =
    "select brand_id, day, sum(on_hand), sum(incoming), count(*) from stock_levels group by brand_id, day";

const NAMES: [&str; 4] = ["sales", "refunds", "ads", "stock"];

/// By hand, over SQLite.
pub fn by_hand(tenant: &Tenant) -> Vec<Figures> {
    let queries = [sales_by_hand(), refunds_by_hand(), ads_by_hand(), STOCK_BY_HAND.to_owned()];
    let read = |conn: &rusqlite::Connection, sql: &str| {
        let mut figures = Figures::new();
        let mut query = conn.prepare(sql)?;
        let columns = query.column_count();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let values = (2..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
            figures.insert((row.get(0)?, row.get(1)?), values);
        }
        Ok(figures)
    };
    tenant.db().read_blocking(|conn| queries.iter().map(|sql| read(conn, sql)).collect()).unwrap()
}

const FACTS: [&str; 4] = [
    "select o.brand_id, o.day::varchar, count(*), sum(units), sum(fulfilled), coalesce(sum(gross), 0), coalesce(sum(discount), 0),
        coalesce(sum(cost), 0), sum(units_without_cost), coalesce(sum(shipping), 0), coalesce(sum(tax), 0),
        count(distinct customer_id) from fact_orders o group by all",
    "select brand_id, day::varchar, coalesce(sum(goods), 0), coalesce(sum(tax), 0), coalesce(sum(shipping), 0), sum(quantity),
        coalesce(sum(cost), 0) from fact_refund_lines group by all",
    "select brand_id, day::varchar, coalesce(sum(spend), 0), sum(impressions), sum(clicks), sum(conversions_micros),
        coalesce(sum(revenue), 0) from fact_ad_days group by all",
    "select brand_id, day::varchar, sum(on_hand), sum(incoming), count(*) from fact_stock group by all",
];

/// From the warehouse's facts.
pub async fn from_facts(tenant: &Tenant) -> Vec<Figures> {
    let duck = warehouse::of(tenant);
    duck.caught_up(tenant).await.unwrap();
    let read = |conn: &duckdb::Connection, sql: &str| {
        let mut query = conn.prepare(sql).unwrap();
        let mut rows = query.query([]).unwrap();
        let mut figures = Figures::new();
        while let Some(row) = rows.next().unwrap() {
            let columns = row.as_ref().column_count();
            let values = (2..columns).map(|at| row.get::<_, Option<i64>>(at).unwrap()).collect();
            figures.insert((row.get(0).unwrap(), row.get(1).unwrap()), values);
        }
        figures
    };
    duck.query(move |conn| Ok(FACTS.iter().map(|sql| read(conn, sql)).collect())).await.unwrap()
}

/// Whatever differs between rollups and facts, lines and orders, customers and orders; empty when all agree.
const DISAGREEMENTS: [(&str, &str); 8] = [
    (
        "lines and orders",
        "select brand_id, order_id, sum(quantity), sum(fulfilled), sum(gross), sum(discount), sum(cost),
            sum(case when cost is null then quantity else 0 end), sum(gross - discount) filter (cost is null)
            from fact_order_lines group by all
         except select brand_id, order_id, units, fulfilled, gross, discount, cost, units_without_cost, sales_without_cost
            from fact_orders",
    ),
    (
        "daily_sales",
        "with o as (select *, case when customer_id is not null then if(row_number() over (partition by customer_id
            order by placed_at, order_id) = 1, 'new', 'returning') end as type from fact_orders),
         first as (select customer_id, order_id from o where type = 'new'),
         r as (select r.*, case when r.order_id = first.order_id then 'new' when r.order_id <> first.order_id then 'returning' end
            as type from fact_refund_lines r left join first using (customer_id))
         (select brand_id, day, store_id, connector, country, type, count(*), sum(units), sum(gross), sum(discount), sum(shipping),
            sum(tax), sum(cost), sum(units_without_cost), sum(sales_without_cost), count(*) filter (gross is null) from o group by all
         except select brand_id, day, store_id, connector, country, customer_type, orders, units, gross, discount, shipping, tax,
            cost, units_without_cost, sales_without_cost, unconverted_orders from daily_sales)
         union all
         (select brand_id, day, store_id, connector, country, type, sum(goods), sum(tax), sum(shipping), sum(cost), sum(quantity),
            coalesce(sum(quantity) filter (cost is null), 0), count(*) filter (goods is null),
            sum(goods) filter (cost is null and variant_id is not null and quantity > 0), 0, 0 from r group by all
         except select brand_id, day, store_id, connector, country, customer_type, refunds, refund_tax, refund_shipping,
            refund_cost, refunded_units, refunded_units_without_cost, unconverted_refunds, refunds_without_cost, 0, 0
            from daily_sales)",
    ),
    (
        "daily_products",
        "(select brand_id, day, product_id, variant_id, sum(quantity), sum(gross), sum(discount), sum(cost),
            sum(gross - discount) filter (cost is null) from fact_order_lines group by all
         except select brand_id, day, product_id, variant_id, units, gross, discount, cost, sales_without_cost from daily_products)
         union all
         (select brand_id, day, product_id, variant_id, sum(goods), sum(quantity), sum(cost),
            sum(goods) filter (cost is null and variant_id is not null and quantity > 0), 0 from fact_refund_lines group by all
         except select brand_id, day, product_id, variant_id, refunds, refunded_units, refund_cost, refunds_without_cost, 0
            from daily_products)",
    ),
    (
        "what lines and orders bear",
        "select brand_id, order_id, sum(shipping_cost), sum(handling_cost), sum(payment_fee), sum(estimated_cost),
            sum(case when estimated_cost is not null then quantity else 0 end) from fact_order_lines group by all
         except select brand_id, order_id, shipping_cost, handling_cost, payment_fee, estimated_cost, estimated_units
            from fact_orders",
    ),
    (
        "what orders and days bear",
        "select brand_id, day, store_id, sum(shipping_cost), sum(handling_cost), sum(payment_fee), sum(estimated_cost),
            sum(estimated_units), count(*) filter (shipping_cost is null or handling_cost is null or payment_fee is null)
            from fact_orders group by all
         except select brand_id, day, store_id, sum(shipping_cost), sum(handling_cost), sum(payment_fees), sum(estimated_cost),
            sum(estimated_units), sum(unconverted_costs) from daily_sales group by all",
    ),
    (
        "what products bear",
        "select brand_id, day, variant_id, sum(shipping_cost), sum(handling_cost), sum(payment_fee), sum(estimated_cost)
            from fact_order_lines group by all
         except select brand_id, day, variant_id, sum(shipping_cost), sum(handling_cost), sum(payment_fees), sum(estimated_cost)
            from daily_products group by all",
    ),
    (
        "daily_ads",
        "select brand_id, day, channel, account_id, campaign, connector, sum(spend), sum(clicks), sum(impressions), sum(conversions_micros),
            sum(revenue) from fact_ad_days group by all
         except select brand_id, day, channel, account_id, campaign, connector, spend, clicks, impressions, conversions_micros, revenue
            from daily_ads",
    ),
    (
        "customers",
        "(select customer_id, count(*), min(placed_at), min(day) from fact_orders where customer_id is not null group by customer_id
         except select customer_id, orders, first_order_at, first_day from dim_customer)
         union all (select brand_id, sum(orders) filter (customer_type = 'new'), 0, min(day) filter (customer_type = 'new')
            from daily_sales where customer_type is not null and orders > 0 group by brand_id
         except select brand_id, count(*), 0, min(first_day) from dim_customer group by brand_id)",
    ),
];

/// Fails where a derived table says something else than its source.
pub async fn assert_derived_tables_agree(tenant: &Tenant) {
    let duck = warehouse::of(tenant);
    duck.query(|conn| {
        for (what, sql) in DISAGREEMENTS {
            let count: i64 = conn.query_row(&format!("select count(*) from ({sql})"), [], |row| row.get(0)).unwrap();
            assert_eq!(count, 0, "{what} disagree");
        }
        let sums = "select (select coalesce(sum(orders), 0) from daily_sales) - (select count(*) from fact_orders), \
                    (select coalesce(sum(units), 0) from daily_products) - (select coalesce(sum(quantity), 0) from fact_order_lines), \
                    (select count(*) from (select distinct brand_id, day, channel, campaign, connector, account_id from fact_ad_days)) \
                    - (select count(*) from daily_ads)";
        let rest: (i64, i64, i64) = conn.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        assert_eq!(rest, (0, 0, 0), "a rollup has rows of nothing");
        Ok(())
    })
    .await
    .unwrap();
}

/// Every row of every table as text, to compare a warehouse with itself built another way.
pub async fn dump(tenant: &Tenant) -> BTreeMap<String, Vec<String>> {
    let duck = warehouse::of(tenant);
    let read = |conn: &duckdb::Connection| {
        let mut tables = conn.prepare("select table_name from duckdb_tables() where not temporary order by 1").unwrap();
        let names =
            tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>();
        let mut dumped = BTreeMap::new();
        for name in names {
            let sql = format!("select to_json(t)::varchar as line from {name} t order by line");
            let mut query = conn.prepare(&sql).unwrap();
            let lines = query.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect();
            dumped.insert(name, lines);
        }
        Ok(dumped)
    };
    duck.query(read).await.unwrap()
}

/// Fails with the first differing days.
pub fn assert_same(left: &[Figures], right: &[Figures], what: &str) {
    for ((left, right), name) in left.iter().zip(right).zip(NAMES) {
        if left == right {
            continue;
        }
        let mut said = String::new();
        for key in left.keys().chain(right.keys()).filter(|key| left.get(*key) != right.get(*key)).take(6) {
            writeln!(said, "{key:?}: {:?} / {:?}", left.get(key), right.get(key)).unwrap();
        }
        panic!("{what}: {name} differ:\n{said}");
    }
}
