-- Files taken in. The counts and the bytes move in the same transactions as the rows they count.
create table imports (
    id              text primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    file_name       text not null,
    format          text not null,
    options         text not null default '{}',
    state           text not null check (state in ('queued','running','done','failed','interrupted')),
    error           text,
    rows_read       integer not null default 0,
    rows_landed     integer not null default 0,
    rows_unchanged  integer not null default 0,
    rows_rejected   integer not null default 0,
    bytes_total     integer not null default 0,
    started_by      text not null,
    created_at_ms   integer not null,
    finished_at_ms  integer
) strict, without rowid;
create index imports_by_brand on imports (brand_id, created_at_ms);

-- The first refused rows of each file with the reason; the rest is only counted.
create table import_rejects (
    import_id       text not null references imports (id) on delete cascade,
    line_no         integer not null,
    reason          text not null,
    row             text not null,
    primary key (import_id, line_no)
) strict, without rowid;
