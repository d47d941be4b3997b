-- Where older entries of `events` lie: sealed files beside the store, each of which follows from the one before. The last one's end is
-- the checkpoint that the first entry of `events` follows from.
create table event_archives (
    first_seq       integer primary key,
    last_seq        integer not null check (last_seq >= first_seq),
    -- Hash of the last entry.
    hash            blob not null,
    -- The earliest and the latest time of an entry.
    from_ms         integer not null,
    to_ms           integer not null,
    name            text not null unique,
    bytes           integer not null,
    sha256          blob not null,
    -- Opens the file. Sealed under the key of the store's owner.
    wrapped_key     blob not null,
    archived_at_ms  integer not null
) strict;

-- Entries that are looked up by their kind for as long as there is a chain: a copy stays when they move into an archive.
create table events_kept (
    seq             integer primary key,
    at_ms           integer not null,
    kind            text not null,
    subject         text,
    data            text not null
) strict;
create view events_known as
    select seq, at_ms, kind, subject, data from events union all select seq, at_ms, kind, subject, data from events_kept;
