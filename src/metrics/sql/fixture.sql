create table dim_store (store_id integer, brand_id integer, name varchar, currency varchar);
create table dim_warehouse (warehouse_id integer, brand_id integer, name varchar);
create table dim_product (product_id integer, brand_id integer, title varchar, category varchar, vendor varchar, collections varchar[]);
create table dim_variant (variant_id integer, brand_id integer, product_id integer, sku varchar, title varchar, size varchar, price bigint);
create table dim_cost (brand_id integer, variant_id integer, from_day date, cost bigint);
create table dim_customer (customer_id integer, brand_id integer, first_order_id bigint, first_order_at bigint, first_day date,
    second_order_at bigint, second_day date, first_product_id integer, orders bigint);
create table fact_order_lines (brand_id integer, order_id bigint, line_no integer, day date, hour tinyint, placed_at bigint,
    store_id integer, customer_id integer, variant_id integer, product_id integer, connector varchar, quantity bigint,
    fulfilled bigint, gross bigint, discount bigint, tax bigint, cost bigint);
create table fact_orders (brand_id integer, order_id bigint, name varchar, day date, hour tinyint, placed_at bigint,
    store_id integer, customer_id integer, connector varchar, sales_source varchar, device varchar, country varchar,
    region varchar, city varchar, discount_codes varchar[], units bigint, fulfilled bigint, cancelled boolean, gross bigint,
    discount bigint, shipping bigint, tax bigint, cost bigint, units_without_cost bigint,
    currency varchar);
create table fact_refund_lines (brand_id integer, refund_id bigint, line_no integer, order_id bigint, day date, hour tinyint,
    refunded_at bigint, store_id integer, customer_id integer, variant_id integer, product_id integer, connector varchar,
    reason varchar, country varchar, day_estimated boolean, quantity bigint, goods bigint, tax bigint, shipping bigint,
    cost bigint, currency varchar);
create table fact_ad_days (brand_id integer, ad_id integer, account_id integer, day date, channel varchar, campaign varchar,
    adset varchar, ad varchar, connector varchar, spend bigint, impressions bigint, clicks bigint, conversions_micros bigint,
    revenue bigint, currency varchar);
create table fact_stock (brand_id integer, variant_id integer, product_id integer, warehouse_id integer, day date,
    on_hand bigint, incoming bigint);
create table daily_sales (brand_id integer, day date, store_id integer, connector varchar, country varchar,
    orders bigint, units bigint, fulfilled bigint, gross bigint, discount bigint, shipping bigint, tax bigint, cost bigint,
    units_without_cost bigint, unconverted_orders bigint, refunds bigint, refund_tax bigint,
    refund_shipping bigint, refund_cost bigint, refunded_units bigint, unconverted_refunds bigint);
create table daily_new_customers (brand_id integer, day date, customers bigint);
create table dim_ad_account (account_id integer, brand_id integer, currency varchar);
create table daily_products (brand_id integer, day date, product_id integer, variant_id integer, units bigint,
    fulfilled bigint, gross bigint, discount bigint, cost bigint, units_without_cost bigint, unconverted_lines bigint,
    refunds bigint, refund_cost bigint, refunded_units bigint, unconverted_refunds bigint);
create table daily_ads (brand_id integer, day date, channel varchar, account_id integer, connector varchar,
    campaign varchar, spend bigint, impressions bigint, clicks bigint, conversions_micros bigint, revenue bigint, unconverted bigint);

insert into dim_store values (1, 1, 'US', 'USD'), (2, 1, 'EU', 'EUR'), (3, 2, 'US', 'USD');
insert into dim_warehouse values (1, 1, 'Reno'), (2, 1, 'Rotterdam');
insert into dim_product select p, case when p < 6 then 1 else 2 end, 'Product ' || p, ['Home', 'Apparel', null][1 + p % 3], 'Vendor ' || p % 2,
    case p % 3 when 0 then [] when 1 then ['Gifts'] else ['Gifts', 'Winter'] end from range(8) t(p);
insert into dim_variant select v, case when v < 18 then 1 else 2 end, v // 3, 'SKU-' || v, null, ['S', 'M', 'L'][1 + v % 3], 20000000 + v * 1000000 from range(24) t(v);
insert into dim_cost select case when v < 18 then 1 else 2 end, v, date '2025-01-01', 7000000 + v * 10000 from range(24) t(v) where v % 5 <> 0;

create temp table lines as
select o as order_id, n as line_no, 1 + o % 2 as brand_id, (o * 7 + n * 5) % 18 as variant_id, 1 + (o + n) % 3 as quantity,
    (11 + (o * 13 + n) % 40) * 1000000 + 333333 as price
from range(600) t(o), range(3) u(n) where n <= o % 3;
insert into fact_orders
select 1 + o % 2, o, '#' || o // 2, date '2025-11-20' + (o // 5)::integer, (o * 11) % 24,
    epoch(date '2025-11-20' + (o // 5)::integer)::bigint + 5 * 3600 + (o * 11) % 24 * 3600, 1 + (o // 2) % 2,
    case when o % 11 = 0 then null when o % 3 = 0 then o else 1000 * (1 + o % 2) + (o * o) % 97 end, case when o % 7 = 0 then 'file' else 'shopify' end,
    ['web', 'pos'][1 + o % 2], ['mobile', 'desktop', null][1 + o % 3], ['US', 'DE', 'GB', null][1 + o % 4],
    ['NY', null][1 + o % 2], ['Paris', 'Austin'][1 + o // 3 % 2],
    case o % 4 when 0 then ['A', 'B'] when 1 then ['A'] else [] end, 0, 0, o % 50 = 0, 0, 0, 4900000, 1234567, 0, 0,
    ['USD', 'EUR'][1 + (o // 2) % 2]
from range(600) t(o);
insert into dim_customer
select customer_id, brand_id, f[1].order_id, f[1].at, f[1].day, f[2].at, f[2].day, (f[1].order_id % 6)::integer, n from (
    select customer_id, brand_id, count(*) as n, min({'at': placed_at, 'order_id': order_id, 'day': day}, 2) as f
    from fact_orders where customer_id is not null group by all);
insert into fact_order_lines
select o.brand_id, o.order_id, l.line_no, o.day, o.hour, o.placed_at, o.store_id, o.customer_id, l.variant_id, l.variant_id // 3,
    o.connector, l.quantity, l.quantity - (o.order_id % 2)::bigint * (l.quantity > 1)::bigint,
    case when o.order_id % 41 = 0 then null else l.price * l.quantity end, case when len(o.discount_codes) > 0 then l.quantity * 1111111 else 0 end,
    100, c.cost * l.quantity
from lines l join fact_orders o using (order_id) left join dim_cost c on c.variant_id = l.variant_id;
update fact_orders set units = s.units, fulfilled = s.fulfilled, gross = s.gross, discount = s.discount, cost = s.cost,
    units_without_cost = s.uncosted from (
    select order_id, sum(quantity) as units, sum(fulfilled) as fulfilled, sum(gross) as gross, sum(discount) as discount,
        coalesce(sum(cost), 0) as cost, coalesce(sum(quantity) filter (cost is null), 0) as uncosted
    from fact_order_lines group by order_id) s where s.order_id = fact_orders.order_id;
insert into fact_refund_lines
select l.brand_id, l.order_id, l.line_no, case when l.order_id % 20 = 0 then null else l.order_id end, l.day + 20, l.hour,
    l.placed_at + 20 * 86400, l.store_id, l.customer_id, case when l.order_id % 30 = 0 then null else l.variant_id end,
    case when l.order_id % 30 = 0 then null else l.product_id end, l.connector, ['size', 'damaged', null][1 + l.order_id % 3],
    'US', false, 1, l.gross // l.quantity, 10, 0, case when l.order_id % 30 = 0 then 0 else l.cost // l.quantity end,
    ['USD', 'EUR'][1 + (l.order_id // 2) % 2]
from fact_order_lines l where l.order_id % 5 = 0;
insert into fact_ad_days
select 1 + a % 2, a, 10 * (a % 2) + a // 6, date '2025-11-20' + d::integer, ['meta', 'google', 'tiktok'][1 + a % 3], 'Campaign ' || a % 5,
    'Set ' || a % 7, 'Ad ' || a, ['meta_ads', 'google_ads', 'tiktok_ads'][1 + a % 3],
    case when a = 6 and d % 30 = 0 then null else 5000000 + (a * d) % 17 * 1000001 end, (a + d) % 9 * 1000, (a + d) % 9 * 10,
    (a + d) % 4 * 500000, (a * d) % 5 * 9000000, ['USD', 'EUR'][1 + a // 6]
from range(12) t(a), range(130) u(d);
insert into fact_stock
select 1, v, v // 3, w, date '2025-12-01' + (d * 3)::integer, greatest(0, 60 - (d * (v % 5)) % 80), v % 4
from range(18) t(v), range(1, 3) u(w), range(38) x(d);

insert into dim_ad_account select distinct account_id, brand_id, any_value(currency) from fact_ad_days group by all;
insert into daily_sales
select brand_id, day, store_id, connector, country, sum(orders), sum(units), sum(fulfilled), sum(gross), sum(discount),
    sum(shipping), sum(tax), sum(cost), sum(uwc), sum(unc), sum(refunds), sum(rt), sum(rs), sum(rc), sum(ru), sum(runc) from (
    select brand_id, day, store_id, connector, country, 1 as orders, units, fulfilled, gross, discount, shipping, tax, cost,
        units_without_cost as uwc, (gross is null)::int as unc, null as refunds, null as rt, null as rs, null as rc, 0 as ru,
        0 as runc from fact_orders
    union all select brand_id, day, store_id, connector, country, 0, 0, 0, null, null, null, null, null, 0, 0, goods, tax,
        shipping, cost, quantity, (goods is null)::int from fact_refund_lines)
group by all;
insert into daily_products
select brand_id, day, product_id, variant_id, sum(units), sum(fulfilled), sum(gross), sum(discount), sum(cost), sum(uwc), sum(unc),
    sum(refunds), sum(rc), sum(ru), sum(runc) from (
    select brand_id, day, product_id, variant_id, quantity as units, fulfilled, gross, discount, cost,
        case when cost is null then quantity else 0 end as uwc, (gross is null)::int as unc, null as refunds, null as rc, 0 as ru,
        0 as runc from fact_order_lines
    union all select brand_id, day, product_id, variant_id, 0, 0, null, null, null, 0, 0, goods, cost, quantity,
        (goods is null)::int from fact_refund_lines)
group by all;
insert into daily_ads
select brand_id, day, channel, account_id, connector, campaign, sum(spend), sum(impressions), sum(clicks), sum(conversions_micros),
    sum(revenue), sum((spend is null)::int) from fact_ad_days group by all;
insert into daily_new_customers select brand_id, first_day, count(*) from dim_customer group by all;
