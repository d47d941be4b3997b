-- The instance's own name: tells its archives from those of others in the same folder.
create table instance (
    id              integer primary key check (id = 1),
    uid             text not null
) strict;
insert into instance (id, uid) values (1, lower(hex(randomblob(16))));

-- A restored store that is about to take the place of a tenant's. A start finishes what a crash left of it.
create table restores (
    tenant_id       text primary key references tenants (id) on delete cascade,
    name            text not null,
    wrapped_key     blob not null,
    commits         integer not null,
    event_seq       integer not null,
    event_hash      blob not null,
    emails          text not null
) strict, without rowid;

-- Whom the first entry of the event chain was written for, where that is not the file's owner.
create table event_origin (
    id              integer primary key check (id = 1),
    owner           text not null
) strict;
