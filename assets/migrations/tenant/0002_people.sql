create table users (
    id              text primary key,
    email           text not null unique,
    name            text not null,
    role            text not null check (role in ('owner','admin','marketer','analyst','viewer','operator')),
    password_hash   text not null,
    state           text not null default 'active' check (state in ('active','disabled')),
    token_version   integer not null default 1,
    created_at_ms   integer not null,
    last_login_ms   integer
) strict, without rowid;

-- One row per refresh token ever issued in a family that is still alive; a used one that returns revokes the family.
create table refresh_tokens (
    token_hash      blob primary key,
    family          text not null,
    user_id         text not null references users (id) on delete cascade,
    issued_at_ms    integer not null,
    expires_at_ms   integer not null,
    used_at_ms      integer
) strict, without rowid;
create index refresh_tokens_by_family on refresh_tokens (family);
create index refresh_tokens_by_user on refresh_tokens (user_id);
