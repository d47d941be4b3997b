-- Customers who were erased on request, by the keyed hash that they were known by. What an older file or archive brings back of
-- them up to `until_ms` lands without them; whoever orders later is a customer again. `kind` says of what the hash is.
create table erased_customers (
    brand_id        integer not null references brands (id) on delete cascade,
    key             blob not null,
    kind            text not null check (kind in ('email','customer_id')),
    until_ms        integer not null,
    primary key (brand_id, key)
) strict, without rowid;

-- What was done on each request: numbers, and nothing of whom. `brands` is a JSON list of row ids, `removed` JSON by table.
create table erasures (
    id              text primary key,
    at_ms           integer not null,
    named_by        text not null check (named_by in ('email','customer_id')),
    asked_by        text not null,
    brands          text not null,
    removed         text not null,
    backups_until_ms integer
) strict, without rowid;
create index erasures_by_time on erasures (at_ms);
