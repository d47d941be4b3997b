-- Whom the first entry of the event chain was written for, where that is not the file's owner: a store that was restored as
-- another tenant keeps its chain.
create table event_origin (
    id              integer primary key check (id = 1),
    owner           text not null
) strict;
