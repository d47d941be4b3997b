-- The star schema of one tenant, all its brands in it, derived from the tenant's SQLite by the feed and never written
-- otherwise. Money is BIGINT micros of the brand's reporting currency, converted row by row with the rate of the row's day,
-- and NULL where no rate of the last 7 days exists; `*_native` is the same in `currency`. `day` and `hour` are the brand's
-- local ones (ads: the account's own day); `placed_at` and `refunded_at` are unix seconds, UTC.
-- Test orders, their refunds and gift cards are not in the warehouse; an order of gift cards alone is in fact_orders with gross 0.

-- One row: the change-log entry up to which everything below is applied. Written in the transaction that applies it.
create table feed_state (seq bigint not null);

create table dim_brand (brand_id integer not null, name varchar not null, currency varchar not null, timezone varchar not null);
create table dim_store (store_id integer not null, brand_id integer not null, name varchar not null, currency varchar not null);
create table dim_warehouse (warehouse_id integer not null, brand_id integer not null, name varchar not null);
create table dim_product (
    product_id integer not null, brand_id integer not null, title varchar not null, category varchar, vendor varchar,
    collections varchar[] not null
);
-- `price` is the catalogue's, converted with the newest rate there is.
create table dim_variant (
    variant_id integer not null, brand_id integer not null, product_id integer not null, sku varchar, title varchar,
    size varchar, price bigint, price_native bigint, price_currency varchar
);
-- What a unit costs from a day on, until the variant's next row. `cost` is converted with the rate of `from_day`.
create table dim_cost (
    brand_id integer not null, variant_id integer not null, from_day date not null, cost bigint, cost_native bigint not null,
    currency varchar not null
);
create table dim_ad_account (
    account_id integer not null, brand_id integer not null, channel varchar not null, name varchar not null,
    currency varchar not null, timezone varchar not null
);
-- Derived from fact_orders by the feed. First and second by (placed_at, order_id); `first_product_id` is the product of the
-- first order's first line. `orders` counts all orders ever.
create table dim_customer (
    customer_id integer not null, brand_id integer not null, first_order_id bigint not null, first_order_at bigint not null,
    first_day date not null, second_order_at bigint, second_day date, first_product_id integer, orders bigint not null
);

-- gross = price x quantity; discount is positive; `cost` is of all units at the variant's cost of the order's day, NULL
-- where that is not known.
create table fact_order_lines (
    brand_id integer not null, order_id bigint not null, line_no integer not null, day date not null, hour tinyint not null,
    placed_at bigint not null, store_id integer not null, customer_id integer, variant_id integer not null,
    product_id integer not null, connector varchar not null, quantity bigint not null, fulfilled bigint not null,
    gross bigint, discount bigint, tax bigint, cost bigint
);

-- gross, discount, units, fulfilled and cost are the sums of the order's lines above; shipping is after its discount.
-- `cost` leaves out the units without a known cost, which `units_without_cost` counts and `sales_without_cost` sums
-- (gross - discount); `first_product_id` is line 0's.
create table fact_orders (
    brand_id integer not null, order_id bigint not null, name varchar, external_id varchar not null, day date not null,
    hour tinyint not null, placed_at bigint not null, store_id integer not null, customer_id integer,
    connector varchar not null, sales_source varchar, device varchar, country varchar, region varchar, city varchar,
    discount_codes varchar[] not null, units bigint not null, fulfilled bigint not null, cancelled boolean not null,
    gross bigint, discount bigint, shipping bigint, tax bigint, cost bigint, units_without_cost bigint not null,
    sales_without_cost bigint, currency varchar not null, gross_native bigint not null, discount_native bigint not null,
    shipping_native bigint not null, tax_native bigint not null, first_product_id integer
);

-- On the day of the refund. Tax and shipping stand on its first row; a refund without lines has one row of quantity 0.
-- `country` is the refund's, else its order's.
-- `cost` is of the refunded units: what was booked for them on the order's day, else of the refund's day; 0 where no variant
-- is named or no unit came back.
create table fact_refund_lines (
    brand_id integer not null, refund_id bigint not null, line_no integer not null, order_id bigint, day date not null,
    hour tinyint not null, refunded_at bigint not null, store_id integer not null, customer_id integer, variant_id integer,
    product_id integer, connector varchar not null, reason varchar, country varchar, day_estimated boolean not null,
    quantity bigint not null, goods bigint, tax bigint, shipping bigint, cost bigint, currency varchar not null,
    goods_native bigint not null
);

create table fact_ad_days (
    brand_id integer not null, ad_id integer not null, account_id integer not null, day date not null,
    channel varchar not null, campaign varchar not null, adset varchar, ad varchar, connector varchar not null,
    spend bigint, impressions bigint not null, clicks bigint not null, conversions_micros bigint not null, revenue bigint,
    currency varchar not null, spend_native bigint not null, revenue_native bigint not null
);

-- Stock at the end of a day; a day without a row has the last row's level.
create table fact_stock (
    brand_id integer not null, variant_id integer not null, product_id integer not null, warehouse_id integer not null,
    day date not null, on_hand bigint not null, incoming bigint not null
);
