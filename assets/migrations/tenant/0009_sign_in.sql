-- Whom a person is at the provider of single sign-on: bound at the first sign-in there, so that nobody who later gets the same
-- e-mail there comes in as them.
create table oidc_subjects (
    user_id         text primary key references users (id) on delete cascade,
    issuer          text not null,
    subject         text not null,
    bound_at_ms     integer not null,
    unique (issuer, subject)
) strict, without rowid;

-- Passkeys. `credential` is the public key and what the device said of itself, as JSON; `counter` how often the device has signed,
-- 0 where it does not count.
create table passkeys (
    id              text primary key,
    user_id         text not null references users (id) on delete cascade,
    name            text not null,
    credential_id   blob not null unique,
    credential      text not null,
    counter         integer not null,
    created_at_ms   integer not null,
    last_used_ms    integer
) strict, without rowid;
create index passkeys_by_user on passkeys (user_id);

-- Whether the session passed a second factor: its own code, a passkey, or the provider's.
alter table sessions add column second_factor integer not null default 0;
