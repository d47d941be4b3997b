-- `creating` and `deleting` are steps that a start finishes where a crash left them. `wrapped_key` is sealed under the master
-- key; without it the tenant's folder is noise. `commits`, `event_seq` and `event_hash` are what the tenant's store had
-- reached when last seen: a store that has less is an older copy.
create table tenants (
    id              text primary key,
    slug            text not null unique,
    name            text not null,
    state           text not null check (state in ('creating','active','deleting')),
    wrapped_key     blob not null,
    created_at_ms   integer not null,
    commits         integer not null default 0,
    event_seq       integer not null default 0,
    event_hash      blob
) strict, without rowid;

-- The login directory: an e-mail, lower-cased, belongs to one tenant.
create table emails (
    email           text primary key,
    tenant_id       text not null references tenants (id) on delete cascade
) strict, without rowid;
create index emails_by_tenant on emails (tenant_id);

-- Keys that sign access tokens, newest last; an old one verifies until it is removed.
create table signing_keys (
    kid             text primary key,
    secret          blob not null,
    created_at_ms   integer not null
) strict, without rowid;
