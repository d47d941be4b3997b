-- How people came to the shop, each coming a row. `person` is 4 * customer_id for a known customer, 4 * visitor_id + 1 for a visitor who is
-- nobody known, 4 * order_id + 2 for an order without a customer whose touches only that order knows. A journey is in the order of
-- (at_ms, touch_id). `at_ms` is milliseconds of unix time; `day` the brand's local one; `channel` is by the brand's rules. `order_id` where
-- the source knows the touch of one order alone.
create table fact_touches (
    brand_id integer not null, touch_id bigint not null, person bigint not null, at_ms bigint not null, day date not null,
    channel varchar not null, source varchar, medium varchar, campaign varchar, adset varchar, ad varchar,
    landing_page varchar, order_id bigint
);
