-- Who was erased of which tenant, for archives that are older than the erasure: every restore applies it. `key` is the keyed hash
-- that the tenant's store knew them by, under the tenant's own key; nothing else of them is here. It outlives the tenant's row, as
-- its archives do.
create table erased_customers (
    tenant_id       text not null,
    brand           text not null,
    key             blob not null,
    kind            text not null check (kind in ('email','customer_id')),
    until_ms        integer not null,
    primary key (tenant_id, brand, key)
) strict, without rowid;
