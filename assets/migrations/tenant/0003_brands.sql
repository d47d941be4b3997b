create table brands (
    id              integer primary key,
    uid             text not null unique,
    slug            text not null unique,
    name            text not null,
    currency        text not null,
    timezone        text not null,
    week_start      integer not null default 1 check (week_start between 1 and 7),
    demo            integer not null default 0,
    settings        text not null default '{}',
    created_at_ms   integer not null
) strict;

-- Units of `quote` for one unit of `base` on a day; decimal text as imported.
create table rates (
    day             text not null,
    base            text not null,
    quote           text not null,
    rate            text not null,
    source          text not null,
    primary key (base, quote, day)
) strict, without rowid;
