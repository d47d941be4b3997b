-- What happened to the instance as a whole, and what was refused: the same chain as a tenant's.
create table events (
    seq         integer primary key,
    at_ms       integer not null,
    kind        text not null,
    actor       text not null,
    subject     text,
    request_id  text,
    ip          text,
    data        text not null default '{}',
    prev_hash   blob not null,
    hash        blob not null
) strict;
create index events_by_time on events (at_ms);

-- How far each subscriber has read.
create table event_watermarks (
    subscriber  text primary key,
    seq         integer not null
) strict, without rowid;
