-- What the source itself says an order came to, what was given on top, and who took the money. Null where no source told.
alter table orders add column tip_micros integer not null default 0;
alter table orders add column total_micros integer;
alter table orders add column gateway text;

-- What a shop pays and no source lands: entered by its people. Amounts are micros of `currency`, days the brand's own, half open;
-- an entry without a last day has no end.
-- `default_cost`: percent of what was paid for a unit whose cost is not known. `shipping`: an order's, by country. `handling`: an
-- order's. `payment_fee`: percent of what was charged and an amount, by who took the money. Of these the entry with the latest
-- first day counts, one that says what it applies to before one that does not. `fixed`: an amount a period, each for itself.
create table costs (
    id              integer primary key,
    uid             text not null unique,
    brand_id        integer not null references brands (id) on delete cascade,
    kind            text not null check (kind in ('default_cost','shipping','handling','payment_fee','fixed')),
    name            text not null,
    applies_to      text,
    percent_ppm     integer not null default 0,
    amount_micros   integer not null default 0,
    currency        text not null,
    period          text check (period in ('once','day','week','month','quarter','year')),
    from_day        text not null,
    until_day       text,
    created_at_ms   integer not null
) strict;
create index costs_by_brand on costs (brand_id, kind, from_day);

-- What a person read in a shop's own report: the total of a window, in the shop's currency and zone, and what it counts.
-- `store` is the name of a store, null for a brand's only one.
create table shop_statements (
    id              integer primary key,
    uid             text not null unique,
    brand_id        integer not null references brands (id) on delete cascade,
    store           text,
    from_day        text not null,
    until_day       text not null,
    amount_micros   integer not null,
    currency        text not null,
    timezone        text not null,
    definition      text not null,
    created_at_ms   integer not null
) strict;
create index shop_statements_by_brand on shop_statements (brand_id, from_day, until_day);
