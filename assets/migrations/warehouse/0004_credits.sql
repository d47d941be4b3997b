-- Who gets the credit for an order: written by `attribution` from fact_touches, fact_orders and fact_refund_lines, never by the
-- feed. A set is the answer to one question (brand, model, click window, window); there is a handful of slots, numbered, in
-- which sets follow one another; the two tables without a number stay empty and say what they are like. An order without a row is unattributed.

-- `orders`, `sales` and `refunds` are parts of 10^12 of the order, of what it brought in and of what went back: the same number for a
-- model that looks at one order at a time, where they add up to 10^12 exactly. `touch_day` is in days since 1970-01-01 in the
-- brand's zone, NULL where a channel has credit in the window but not a touch to give it to. `assists`: another channel has the
-- journey's last touch.
create table credits (
    order_id bigint not null, tag integer not null, touch_day integer, orders bigint not null, sales bigint not null,
    refunds bigint not null, assists boolean not null
);
-- What a touch came from.
create table credit_tags (
    tag integer not null, channel varchar not null, source varchar, campaign varchar, adset varchar, ad varchar,
    landing_page varchar
);
create table credits_0 as from credits;
create table credits_1 as from credits;
create table credits_2 as from credits;
create table credits_3 as from credits;
create table credits_4 as from credits;
create table credits_5 as from credits;
create table credits_6 as from credits;
create table credits_7 as from credits;
create table credit_tags_0 as from credit_tags;
create table credit_tags_1 as from credit_tags;
create table credit_tags_2 as from credit_tags;
create table credit_tags_3 as from credit_tags;
create table credit_tags_4 as from credit_tags;
create table credit_tags_5 as from credit_tags;
create table credit_tags_6 as from credit_tags;
create table credit_tags_7 as from credit_tags;
