-- There is a row while the file may still hold, in room that is free, what was erased of a customer: since when.
create table unswept (
    id          integer primary key check (id = 1),
    since_ms    integer not null
) strict;
