-- When keys were made, milliseconds of unix time. Null: with the tenant.
alter table instance add column master_key_at_ms integer;
alter table tenants add column store_key_at_ms integer;
alter table tenants add column tokens_key_at_ms integer;

-- A key that another took the place of verifies until then.
alter table signing_keys add column until_ms integer;

-- A copy of a tenant's store under a new key that is about to take its place. A start finishes what a crash left of it.
create table rekeyings (
    tenant_id           text primary key references tenants (id) on delete cascade,
    wrapped_key         blob not null,
    store_key_at_ms     integer not null,
    tokens_key_at_ms    integer
) strict, without rowid;

-- Whom backups were sealed for from when on, where a rotation made the key.
create table backup_keys (
    recipient           text primary key,
    made_at_ms          integer not null
) strict, without rowid;

-- Old keys that were told of once.
create table key_reminders (
    key                 text primary key,
    made_at_ms          integer not null
) strict, without rowid;
