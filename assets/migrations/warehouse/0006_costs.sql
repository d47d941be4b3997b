-- What a shop pays beside the goods, as its people entered it. Of an order: shared out over its lines by what was paid for each,
-- so that the lines add up to it; NULL where an entry is in a currency without a rate that day, else 0 where nothing is entered.
-- An order without goods and one of gift cards alone bear nothing; a cancelled one neither shipping nor handling.
-- `estimated_cost` is the part of `cost` that stands for units whose own cost is not known: the brand's percentage of what was
-- paid for them.
alter table fact_order_lines add column estimated_cost bigint;
alter table fact_order_lines add column shipping_cost bigint;
alter table fact_order_lines add column handling_cost bigint;
alter table fact_order_lines add column payment_fee bigint;

alter table fact_orders add column estimated_units bigint;
alter table fact_orders add column estimated_cost bigint;
alter table fact_orders add column shipping_cost bigint;
alter table fact_orders add column handling_cost bigint;
alter table fact_orders add column payment_fee bigint;

alter table daily_sales add column estimated_units bigint;
alter table daily_sales add column estimated_cost bigint;
alter table daily_sales add column shipping_cost bigint;
alter table daily_sales add column handling_cost bigint;
alter table daily_sales add column payment_fees bigint;
alter table daily_sales add column unconverted_costs bigint;

alter table daily_products add column estimated_units bigint;
alter table daily_products add column estimated_cost bigint;
alter table daily_products add column shipping_cost bigint;
alter table daily_products add column handling_cost bigint;
alter table daily_products add column payment_fees bigint;
alter table daily_products add column unconverted_costs bigint;

-- Costs that no order causes, shared out over the days of their period: the days of a whole period add up to its amount.
create table daily_costs (
    brand_id integer not null, day date not null, cost_id integer not null, name varchar not null, amount bigint
);
