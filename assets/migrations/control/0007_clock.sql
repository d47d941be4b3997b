-- How far the clock was when it last ran evenly, and, while it is doubted because it jumped, how far it was last and how long it
-- has run evenly since. What removes for being old asks it first.
create table clock (
    id              integer primary key check (id = 1),
    trusted_ms      integer not null,
    doubted_ms      integer,
    evenly_ms       integer not null default 0
) strict;
