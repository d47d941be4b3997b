-- Credentials of programs that run this installation: they make, suspend and resume tenants and see into none. The hash is that of
-- the whole token, of which 256 bits are random; the token itself is nowhere.
create table instance_tokens (
    id              text primary key,
    name            text not null,
    hash            blob not null check (length(hash) = 32),
    created_at_ms   integer not null,
    expires_at_ms   integer not null,
    last_used_ms    integer
) strict, without rowid;
