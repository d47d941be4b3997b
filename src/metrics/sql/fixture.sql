-- Facts to test the compiler with; what the warehouse derives from them it derives itself.
insert into dim_store values (1, 1, 'US', 'USD'), (2, 1, 'EU', 'EUR'), (3, 2, 'US', 'USD');
insert into dim_warehouse values (1, 1, 'Reno'), (2, 1, 'Rotterdam');
insert into dim_product select p, case when p < 6 then 1 else 2 end, 'Product ' || p, ['Home', 'Apparel', null][1 + p % 3], 'Vendor ' || p % 2,
    case p % 3 when 0 then [] when 1 then ['Gifts'] else ['Gifts', 'Winter'] end from range(8) t(p);
insert into dim_variant by name select v as variant_id, case when v < 18 then 1 else 2 end as brand_id, v // 3 as product_id, 'SKU-' || v as sku,
    ['S', 'M', 'L'][1 + v % 3] as size, 20000000 + v * 1000000 as price from range(24) t(v);
insert into dim_cost select case when v < 18 then 1 else 2 end, v, date '2025-01-01', 7000000 + v * 10000, 7000000 + v * 10000, 'USD'
from range(24) t(v) where v % 5 <> 0;

create temp table lines as
select o as order_id, n as line_no, 1 + o % 2 as brand_id, (o * 7 + n * 5) % 18 as variant_id, 1 + (o + n) % 3 as quantity,
    (11 + (o * 13 + n) % 40) * 1000000 + 333333 as price
from range(600) t(o), range(3) u(n) where n <= o % 3;
insert into fact_orders by name
select 1 + o % 2 as brand_id, o as order_id, '#' || o // 2 as name, o::varchar as external_id,
    date '2025-11-20' + (o // 5)::integer as day, (o * 11) % 24 as hour,
    epoch(date '2025-11-20' + (o // 5)::integer)::bigint + 5 * 3600 + (o * 11) % 24 * 3600 as placed_at,
    1 + (o // 2) % 2 as store_id,
    case when o % 11 = 0 then null when o % 3 = 0 then o else 1000 * (1 + o % 2) + (o * o) % 97 end as customer_id,
    case when o % 7 = 0 then 'file' else 'shopify' end as connector, ['web', 'pos'][1 + o % 2] as sales_source,
    ['mobile', 'desktop', null][1 + o % 3] as device, ['US', 'DE', 'GB', null][1 + o % 4] as country,
    ['NY', null][1 + o % 2] as region, ['Paris', 'Austin'][1 + o // 3 % 2] as city,
    case o % 4 when 0 then ['A', 'B'] when 1 then ['A'] else [] end as discount_codes, 0 as units, 0 as fulfilled,
    o % 50 = 0 as cancelled, 0 as gross, 0 as discount, 4900000 as shipping, 1234567 as tax, 0 as cost,
    0 as units_without_cost, ['USD', 'EUR'][1 + (o // 2) % 2] as currency, 0 as gross_native, 0 as discount_native,
    4900000 as shipping_native, 1234567 as tax_native, (o % 6)::integer as first_product_id,
    0 as estimated_units, null as estimated_cost, case when o % 50 = 0 then 0 else 4500000 end as shipping_cost,
    case when o % 53 = 0 then null else 1000000 end as handling_cost, 300000 + (o % 7) * 111111 as payment_fee
from range(600) t(o);
insert into fact_order_lines
select o.brand_id, o.order_id, l.line_no, o.day, o.hour, o.placed_at, o.store_id, o.customer_id, l.variant_id, l.variant_id // 3,
    o.connector, l.quantity, l.quantity - (o.order_id % 2)::bigint * (l.quantity > 1)::bigint,
    case when o.order_id % 41 = 0 then null else l.price * l.quantity end, case when len(o.discount_codes) > 0 then l.quantity * 1111111 else 0 end,
    100, coalesce(c.cost * l.quantity, case when l.variant_id = 15 then 5000000 end), case when l.variant_id = 15 then 5000000 end,
    o.shipping_cost * (l.line_no = 0)::bigint, o.handling_cost * (l.line_no = 0)::bigint, o.payment_fee * (l.line_no = 0)::bigint
from lines l join fact_orders o using (order_id) left join dim_cost c on c.variant_id = l.variant_id;
update fact_orders set units = s.units, fulfilled = s.fulfilled, gross = s.gross, discount = s.discount, cost = s.cost,
    units_without_cost = s.uncosted, sales_without_cost = s.uncosted_sales,
    estimated_units = s.estimated_units, estimated_cost = s.estimated_cost from (
    select order_id, sum(quantity) as units, sum(fulfilled) as fulfilled, sum(gross) as gross, sum(discount) as discount,
        coalesce(sum(cost), 0) as cost, coalesce(sum(quantity) filter (cost is null), 0) as uncosted,
        sum(gross - discount) filter (cost is null) as uncosted_sales, sum(estimated_cost) as estimated_cost,
        coalesce(sum(quantity) filter (estimated_cost is not null), 0) as estimated_units
    from fact_order_lines group by order_id) s where s.order_id = fact_orders.order_id;
insert into fact_refund_lines
select l.brand_id, l.order_id, l.line_no, case when l.order_id % 20 = 0 then null else l.order_id end, l.day + 20, l.hour,
    l.placed_at + 20 * 86400, l.store_id, l.customer_id, case when l.order_id % 30 = 0 then null else l.variant_id end,
    case when l.order_id % 30 = 0 then null else l.product_id end, l.connector, ['size', 'damaged', null][1 + l.order_id % 3],
    'US', false, 1, l.gross // l.quantity, 10, 0, case when l.order_id % 30 = 0 then 0 else l.cost // l.quantity end,
    ['USD', 'EUR'][1 + (l.order_id // 2) % 2], 0
from fact_order_lines l where l.order_id % 5 = 0;
insert into fact_ad_days
select 1 + a % 2, a, 10 * (a % 2) + a // 6, date '2025-11-20' + d::integer, ['meta', 'google', 'tiktok'][1 + a % 3], 'Campaign ' || a % 5,
    'Set ' || a % 7, 'Ad ' || a, ['meta_ads', 'google_ads', 'tiktok_ads'][1 + a % 3],
    case when a = 6 and d % 30 = 0 then null else 5000000 + (a * d) % 17 * 1000001 end, (a + d) % 9 * 1000, (a + d) % 9 * 10,
    (a + d) % 4 * 500000, (a * d) % 5 * 9000000, ['USD', 'EUR'][1 + a // 6], 0, 0
from range(12) t(a), range(130) u(d);
insert into fact_stock
select 1, v, v // 3, w, date '2025-12-01' + (d * 3)::integer, greatest(0, 60 - (d * (v % 5)) % 80), v % 4
from range(18) t(v), range(1, 3) u(w), range(38) x(d);

insert into dim_ad_account select account_id, brand_id, any_value(channel), 'Account', any_value(currency), 'UTC' from fact_ad_days group by 1, 2;
insert into daily_costs
select 1 + c % 2, date '2025-11-20' + d::integer, c, ['Rent', 'Payroll', 'Software'][1 + c % 3],
    case when c = 3 and d % 40 = 0 then null else 1000000 + (c * d) % 13 * 1000003 end
from range(4) t(c), range(130) u(d);
