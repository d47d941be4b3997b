create table imports (
    id              text primary key,
    brand_id        integer not null references brands (id) on delete cascade,
    file_name       text not null,
    format          text,
    options         text not null default '{}',
    content_hash    blob,
    state           text not null check (state in ('queued','running','done','failed','interrupted')),
    error           text,
    rows_read       integer not null default 0,
    rows_landed     integer not null default 0,
    rows_unchanged  integer not null default 0,
    rows_rejected   integer not null default 0,
    bytes_done      integer not null default 0,
    bytes_total     integer not null default 0,
    started_by      text not null,
    created_at_ms   integer not null,
    finished_at_ms  integer
) strict, without rowid;

create table import_rejects (
    import_id       text not null references imports (id) on delete cascade,
    line_no         integer not null,
    reason          text not null,
    row             text not null,
    primary key (import_id, line_no)
) strict, without rowid;
