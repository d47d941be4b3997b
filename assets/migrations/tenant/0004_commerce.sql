-- What every source lands. Money is i64 micros of the row's own currency; instants are unix seconds, UTC; days are
-- YYYY-MM-DD. `rev` is the change-log entry of the row's last change; `digest` tells an unchanged landing from a change.
-- The large tables declare no foreign keys: their only writer is commerce::Lander, which takes every id from the row it has
-- just read or written in the same transaction, and a parent look-up for each of a million rows doubles the time of an
-- import. A test checks that no orphan is left.

-- One entry a batch. `detail` is JSON: rows by table. `batch` is a random number by which a lander knows its own last entry.
create table change_log (
    seq             integer primary key,
    brand_id        integer,
    at_ms           integer not null,
    kind            text not null check (kind in ('rows','rebuild')),
    batch           integer not null default 0,
    detail          text not null default '{}'
) strict;
create index change_log_by_brand on change_log (brand_id, seq);

-- What a reader of the change log must drop. An ad row's id is ad_id * 2^20 + days since 1970-01-01.
create table deleted_rows (
    rev             integer not null,
    brand_id        integer not null,
    tab             text not null,
    id              integer not null,
    primary key (rev, tab, id)
) strict, without rowid;

create table stores (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    name            text not null,
    currency        text not null,
    rev             integer not null,
    unique (brand_id, name)
) strict;

-- `key` is a keyed hash of the lower-cased, trimmed e-mail address, else of the source's customer id. Nothing else is kept.
create table customers (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    key             blob not null,
    unique (brand_id, key)
) strict;

-- A product named by a catalogue has the source's key; one that only order lines name has 'title:' and its title.
create table products (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    key             text not null,
    title           text not null,
    category        text,
    vendor          text,
    collections     text not null default '[]',
    from_catalogue  integer not null default 0,
    rev             integer not null,
    unique (brand_id, key)
) strict;
create index products_by_rev on products (rev);

-- `key` is the SKU, else 'title:' and the line's title. `moved_rev`: the entry in which it last changed its product.
create table variants (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    product_id      integer not null references products (id),
    key             text not null,
    sku             text,
    title           text,
    size            text,
    price_micros    integer,
    price_currency  text,
    from_catalogue  integer not null default 0,
    moved_rev       integer not null default 0,
    rev             integer not null,
    unique (brand_id, key)
) strict;
create index variants_by_product on variants (product_id);
create index variants_by_rev on variants (rev);

create table unit_costs (
    brand_id        integer not null references brands (id) on delete cascade,
    variant_id      integer not null references variants (id),
    from_day        text not null,
    cost_micros     integer not null,
    currency        text not null,
    rev             integer not null,
    primary key (variant_id, from_day)
) strict, without rowid;
create index unit_costs_by_rev on unit_costs (rev);

create table orders (
    id              integer primary key,
    brand_id        integer not null,
    connector       text not null,
    external_id     text not null,
    name            text,
    store_id        integer not null,
    customer_id     integer,
    currency        text not null,
    placed_at       integer not null,
    cancelled_at    integer,
    test            integer not null default 0,
    financial_status text,
    fulfillment_status text,
    sales_source    text,
    device          text,
    country         text,
    region          text,
    city            text,
    discount_codes  text,
    shipping_micros integer not null default 0,
    shipping_discount_micros integer not null default 0,
    tax_micros      integer not null default 0,
    digest          blob not null,
    rev             integer not null,
    unique (brand_id, connector, external_id)
) strict;
create index orders_by_rev on orders (rev);

-- Gross is price x quantity, before discount, tax and shipping. `discount_micros` holds the line's own discounts and its share
-- of the order's. A gift card is carried (total_sales needs its order) but never counted in sales.
create table order_lines (
    order_id        integer not null,
    line_no         integer not null,
    variant_id      integer not null,
    quantity        integer not null,
    fulfilled_quantity integer not null default 0,
    price_micros    integer not null,
    discount_micros integer not null default 0,
    tax_micros      integer not null default 0,
    gift_card       integer not null default 0,
    primary key (order_id, line_no)
) strict, without rowid;

-- `order_ref` is the order's external id as the source names it; `order_id` is null until that order has landed, and for a
-- return whose order is not known. `day_estimated` marks a refund that a file without refund dates put on its order's day.
create table refunds (
    id              integer primary key,
    brand_id        integer not null,
    connector       text not null,
    external_id     text not null,
    order_ref       text,
    order_id        integer,
    store_id        integer not null,
    customer_id     integer,
    currency        text not null,
    refunded_at     integer not null,
    day_estimated   integer not null default 0,
    reason          text,
    country         text,
    shipping_micros integer not null default 0,
    tax_micros      integer not null default 0,
    digest          blob not null,
    rev             integer not null,
    unique (brand_id, connector, external_id)
) strict;
create index refunds_by_rev on refunds (rev);
create index refunds_by_order on refunds (order_id) where order_id is not null;
create index refunds_unresolved on refunds (brand_id, connector, order_ref) where order_id is null and order_ref is not null;

-- `variant_id` is null where the refund names no line. `goods_micros` is without tax and shipping.
create table refund_lines (
    refund_id       integer not null,
    line_no         integer not null,
    variant_id      integer,
    quantity        integer not null,
    goods_micros    integer not null,
    primary key (refund_id, line_no)
) strict, without rowid;

create table warehouses (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    name            text not null,
    rev             integer not null,
    unique (brand_id, name)
) strict;

-- Stock at the end of a day; a day without a row has the last row's level.
create table stock_levels (
    variant_id      integer not null,
    warehouse_id    integer not null,
    day             text not null,
    brand_id        integer not null,
    on_hand         integer not null,
    incoming        integer not null default 0,
    rev             integer not null,
    primary key (variant_id, warehouse_id, day)
) strict, without rowid;
create index stock_levels_by_rev on stock_levels (rev);

-- `has_api`: an API has landed rows of this account, so a file's rows must look whether they may.
create table ad_accounts (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    channel         text not null,
    external_id     text not null,
    name            text not null,
    currency        text not null,
    timezone        text not null,
    has_api         integer not null default 0,
    rev             integer not null,
    unique (brand_id, channel, external_id)
) strict;

-- Campaign, ad set and ad of a row; `key` is their ids, or their names down the path where a file carries no ids.
create table ads (
    id              integer primary key,
    account_id      integer not null references ad_accounts (id) on delete cascade,
    key             text not null,
    campaign        text not null,
    adset           text,
    ad              text,
    rev             integer not null,
    unique (account_id, key)
) strict;
create index ads_by_rev on ads (rev);

-- One ad on one of its account's own local days. `connector` tells the API's rows (which win) from a file's.
create table ad_days (
    ad_id           integer not null,
    day             text not null,
    connector       text not null,
    from_api        integer not null default 0,
    spend_micros    integer not null,
    impressions     integer not null,
    clicks          integer not null,
    conversions_micros integer not null default 0,
    revenue_micros  integer not null default 0,
    rev             integer not null,
    primary key (ad_id, day)
) strict, without rowid;
create index ad_days_by_rev on ad_days (rev);

-- How far each source's data reaches, per brand: what the page calls freshness.
create table source_freshness (
    brand_id        integer not null references brands (id) on delete cascade,
    connector       text not null,
    kind            text not null,
    data_through    integer not null,
    landed_at_ms    integer not null,
    primary key (brand_id, connector, kind)
) strict, without rowid;
