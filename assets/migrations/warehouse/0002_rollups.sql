-- Sums of the facts by local day, additive over every key, kept by the feed for the days it touches and tested equal to the
-- facts. A sum is NULL where every part is (no row, or no rate); counts are never NULL.

-- Orders on their day and refunds on theirs. `customer_type` is the order's (a refund has its order's): 'new' for its customer's
-- first order ever, else 'returning'; NULL where the customer is not known.
create table daily_sales (
    brand_id integer not null, day date not null, store_id integer not null, connector varchar not null, country varchar,
    customer_type varchar,
    orders bigint not null, units bigint not null, fulfilled bigint not null, gross bigint, discount bigint, shipping bigint,
    tax bigint, cost bigint, units_without_cost bigint not null, sales_without_cost bigint,
    unconverted_orders bigint not null, refunds bigint, refund_tax bigint, refund_shipping bigint, refund_cost bigint,
    refunded_units bigint not null, refunded_units_without_cost bigint not null, refunds_without_cost bigint,
    unconverted_refunds bigint not null
);

-- Lines on their order's day and refund lines on theirs; a refund line that names no variant has NULL for both ids.
create table daily_products (
    brand_id integer not null, day date not null, product_id integer, variant_id integer, units bigint not null,
    fulfilled bigint not null, gross bigint, discount bigint, cost bigint, units_without_cost bigint not null,
    sales_without_cost bigint, unconverted_lines bigint not null, refunds bigint, refund_cost bigint,
    refunded_units bigint not null, refunded_units_without_cost bigint not null, refunds_without_cost bigint,
    unconverted_refunds bigint not null
);

create table daily_ads (
    brand_id integer not null, day date not null, channel varchar not null, account_id integer not null,
    connector varchar not null, campaign varchar not null, spend bigint, impressions bigint not null,
    clicks bigint not null, conversions_micros bigint not null, revenue bigint, unconverted bigint not null
);

-- The document's table: what the platforms claim, ad by ad, and the shop's own sales as channel 'store'.
create view unified_performance as
select brand_id, day, channel, campaign, adset, ad, spend, impressions, clicks, conversions_micros, revenue,
       null::bigint as orders, null::bigint as net_sales
from fact_ad_days
union all
select brand_id, day, 'store', null, null, null, null, null, null, null, null, sum(orders)::bigint,
       (coalesce(sum(gross), 0) - coalesce(sum(discount), 0) - coalesce(sum(refunds), 0))::bigint
from daily_sales
group by brand_id, day;
