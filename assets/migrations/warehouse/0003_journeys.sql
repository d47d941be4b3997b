create table fact_touches (
    brand_id integer not null, touch_id bigint not null, person bigint not null, at_ms bigint not null, day date not null,
    channel varchar not null, source varchar, medium varchar, campaign varchar, adset varchar, ad varchar,
    landing_page varchar, order_id bigint
);
