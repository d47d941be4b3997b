-- What every source lands. Money is i64 micros of the row's own currency; instants are unix seconds, UTC; days are
-- YYYY-MM-DD. `rev` is the change-log entry of the row's last change; `digest` tells an unchanged landing from a change.

-- One entry a batch. `detail` is JSON: rows by table, and what a reader must drop ("tombstones").
create table change_log (
    seq             integer primary key,
    brand_id        integer references brands (id) on delete cascade,
    at_ms           integer not null,
    kind            text not null check (kind in ('rows','rebuild')),
    detail          text not null default '{}'
) strict;

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

create table customers (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    key             blob not null,
    rev             integer not null,
    unique (brand_id, key)
) strict;

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

-- `key` is the SKU, else 'title:' and the line's title.
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
    rev             integer not null,
    unique (brand_id, key)
) strict;
create index variants_by_product on variants (product_id);

create table unit_costs (
    brand_id        integer not null references brands (id) on delete cascade,
    variant_id      integer not null references variants (id),
    from_day        text not null,
    cost_micros     integer not null,
    currency        text not null,
    rev             integer not null,
    primary key (variant_id, from_day)
) strict, without rowid;

create table orders (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    connector       text not null,
    external_id     text not null,
    name            text,
    store_id        integer not null references stores (id),
    customer_id     integer references customers (id),
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
create index orders_by_brand on orders (brand_id, placed_at);
create index orders_by_customer on orders (customer_id);

-- Gross is price x quantity, before discount, tax and shipping. `discount_micros` holds the line's own discounts and its share
-- of the order's. A gift card is carried (total_sales needs its order) but never counted in sales.
create table order_lines (
    order_id        integer not null references orders (id) on delete cascade,
    line_no         integer not null,
    variant_id      integer not null references variants (id),
    quantity        integer not null,
    fulfilled_quantity integer not null default 0,
    price_micros    integer not null,
    discount_micros integer not null default 0,
    tax_micros      integer not null default 0,
    gift_card       integer not null default 0,
    primary key (order_id, line_no)
) strict, without rowid;

-- `order_id` is null for a return whose order is not known. `day_estimated` marks a refund that a file without refund dates
-- put on its order's day.
create table refunds (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    connector       text not null,
    external_id     text not null,
    order_id        integer references orders (id) on delete cascade,
    store_id        integer not null references stores (id),
    customer_id     integer references customers (id),
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
create index refunds_by_order on refunds (order_id);

-- `variant_id` is null where the refund names no line. `goods_micros` is without tax and shipping.
create table refund_lines (
    refund_id       integer not null references refunds (id) on delete cascade,
    line_no         integer not null,
    variant_id      integer references variants (id),
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
    brand_id        integer not null references brands (id) on delete cascade,
    variant_id      integer not null references variants (id),
    warehouse_id    integer not null references warehouses (id),
    day             text not null,
    on_hand         integer not null,
    incoming        integer not null default 0,
    rev             integer not null,
    primary key (variant_id, warehouse_id, day)
) strict, without rowid;
create index stock_levels_by_rev on stock_levels (rev);

create table ad_accounts (
    id              integer primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    channel         text not null,
    external_id     text not null,
    name            text not null,
    currency        text not null,
    timezone        text not null,
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
    id              integer primary key,
    ad_id           integer not null references ads (id) on delete cascade,
    day             text not null,
    connector       text not null,
    from_api        integer not null default 0,
    spend_micros    integer not null,
    impressions     integer not null,
    clicks          integer not null,
    conversions_micros integer not null default 0,
    revenue_micros  integer not null default 0,
    rev             integer not null,
    unique (ad_id, day)
) strict;
create index ad_days_by_rev on ad_days (rev);
create index ad_days_by_day on ad_days (day);

-- How far each source's data reaches, per brand: what the page calls freshness.
create table source_freshness (
    brand_id        integer not null references brands (id) on delete cascade,
    connector       text not null,
    kind            text not null,
    data_through    integer not null,
    landed_at_ms    integer not null,
    primary key (brand_id, connector, kind)
) strict, without rowid;
