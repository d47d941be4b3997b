-- Where customers came from. Times are milliseconds of unix time, UTC. Kept of an address is the path of the page without what may name
-- somebody, its utm_ values and the kind of its click id; of a referrer the host; of a person nothing but the keyed hash of a random id
-- that the shop's own page made. No network address is kept anywhere here. Like the tables of 0004, the large ones declare no foreign
-- keys: `commerce` and `journeys` take every id from a row they have just read or written.

-- Shops whose pages may send visits. `key` stands in the page and is no secret; `secret` is a hash of what a shop's own server
-- shows instead of an origin. `origins` is a JSON list.
create table pixel_sites (
    id              integer primary key,
    key             text not null unique,
    brand_id        integer not null references brands (id) on delete cascade,
    name            text not null,
    origins         text not null,
    consent         text not null check (consent in ('required','implied')),
    secret          blob not null,
    created_by      text not null,
    created_at_ms   integer not null
) strict;
create index pixel_sites_by_brand on pixel_sites (brand_id);

-- A browser. Its customer is the one of its last order. `rev` moves on when its touches, its visits' orders or its customer change.
create table visitors (
    id              integer primary key autoincrement,
    brand_id        integer not null,
    key             blob not null,
    customer_id     integer,
    first_at_ms     integer not null,
    last_at_ms      integer not null,
    rev             integer not null,
    unique (brand_id, key)
) strict;
create index visitors_by_rev on visitors (rev);
create index visitors_by_customer on visitors (customer_id) where customer_id is not null;

-- What one browser did without 30 idle minutes in between. The counts are of events.
create table visits (
    id              integer primary key autoincrement,
    brand_id        integer not null,
    visitor_id      integer not null,
    started_ms      integer not null,
    last_ms         integer not null,
    landing_page    text,
    device          text,
    pages           integer not null default 0,
    products        integer not null default 0,
    adds            integer not null default 0,
    checkouts       integer not null default 0,
    rev             integer not null
) strict;
create index visits_by_visitor on visits (visitor_id, started_ms);
create index visits_by_rev on visits (rev);
create index visits_by_age on visits (last_ms);

-- One coming to the shop from somewhere. `order_id`: the source knows it of this order alone. `click_id` is the kind: gclid, fbclid.
-- Which channel it is, the brand's rules say when the warehouse is fed.
create table touches (
    id              integer primary key autoincrement,
    brand_id        integer not null,
    source          text not null check (source in ('shopify','pixel','file')),
    external_id     text not null,
    at_ms           integer not null,
    order_id        integer,
    visitor_id      integer,
    visit_id        integer,
    utm_source      text,
    utm_medium      text,
    utm_campaign    text,
    utm_term        text,
    utm_content     text,
    click_id        text,
    referrer        text,
    landing_page    text,
    rev             integer not null,
    unique (brand_id, source, external_id)
) strict;
create index touches_by_rev on touches (rev);
create index touches_by_order on touches (order_id) where order_id is not null;
create index touches_by_visitor on touches (visitor_id) where visitor_id is not null;
create index touches_by_visit on touches (visit_id) where visit_id is not null;

-- Orders that a visit says it placed: `ref` is `id:` or `name:` and the source's own. `order_id` once the order is there.
create table visit_orders (
    brand_id        integer not null,
    ref             text not null,
    visitor_id      integer not null,
    visit_id        integer not null,
    at_ms           integer not null,
    order_id        integer,
    primary key (brand_id, ref, visitor_id)
) strict, without rowid;
create unique index visit_orders_by_order on visit_orders (order_id) where order_id is not null;
create index visit_orders_by_visitor on visit_orders (visitor_id);

-- A brand's own rules, as JSON, where it does not go by assets/channels.toml.
create table channel_rules (
    brand_id        integer primary key references brands (id) on delete cascade,
    rules           text not null,
    changed_at_ms   integer not null
) strict;
