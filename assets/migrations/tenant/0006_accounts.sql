-- Which brands a person may know of: all of them, or those listed in `user_brands`.
alter table users add column all_brands integer not null default 1;
create table user_brands (
    user_id         text not null references users (id) on delete cascade,
    brand_id        integer not null references brands (id) on delete cascade,
    primary key (user_id, brand_id)
) strict, without rowid;

-- One row per session: what its person recognises it by. It lives as long as its family of refresh tokens.
create table sessions (
    family          text primary key,
    user_id         text not null references users (id) on delete cascade,
    device          text not null,
    ip              text not null,
    first_seen_ms   integer not null,
    last_seen_ms    integer not null,
    expires_at_ms   integer not null
) strict, without rowid;
create index sessions_by_user on sessions (user_id);
insert into sessions
    select family, min(user_id), '', '', min(issued_at_ms), max(issued_at_ms), max(expires_at_ms)
    from refresh_tokens group by family;

-- Links that are good for one use: an invitation of somebody new, or a new password for somebody known. `brands` is a JSON list
-- of row ids, or null for all.
create table links (
    id              text primary key,
    token_hash      blob not null unique,
    kind            text not null check (kind in ('invitation','reset')),
    user_id         text references users (id) on delete cascade,
    email           text not null,
    role            text not null,
    brands          text,
    made_by         text,
    created_at_ms   integer not null,
    expires_at_ms   integer not null,
    check ((kind = 'reset') = (user_id is not null))
) strict, without rowid;
create unique index links_by_email on links (kind, email);

-- `mac` is a keyed hash of the whole key. `permissions` are names between spaces, `brands` as above.
create table api_keys (
    id              text primary key,
    name            text not null,
    mac             blob not null,
    user_id         text not null references users (id) on delete cascade,
    permissions     text not null,
    brands          text,
    created_at_ms   integer not null,
    expires_at_ms   integer not null,
    last_used_ms    integer
) strict, without rowid;
create index api_keys_by_user on api_keys (user_id);

-- `sealed` is the shared secret under the tenant's key, bound to the person. Not in force until a code confirmed it. `last_step`
-- is the newest time step whose code was used: no code is good twice.
create table second_factors (
    user_id         text primary key references users (id) on delete cascade,
    sealed          blob not null,
    begun_at_ms     integer not null,
    confirmed_at_ms integer,
    last_step       integer not null default 0
) strict, without rowid;
create table recovery_codes (
    user_id         text not null references users (id) on delete cascade,
    mac             blob not null,
    primary key (user_id, mac)
) strict, without rowid;

-- What holds for everybody's sign-in.
create table sign_in_rules (
    id              integer primary key check (id = 1),
    second_factor   integer not null
) strict;
insert into sign_in_rules values (1, 0);
