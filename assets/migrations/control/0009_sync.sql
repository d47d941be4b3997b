-- Which integration is whose, and when it is next due (milliseconds of unix time; null: not by itself), so that nobody's store is opened
-- for nothing. Follows from the tenants' stores. `asked`: a request of a customer waits for its answer.
create table integrations (
    uid             text primary key,
    tenant_id       text not null references tenants (id) on delete cascade,
    source          text not null,
    due_ms          integer,
    asked           integer not null default 0
) strict, without rowid;
create index integrations_due on integrations (due_ms) where due_ms is not null;
create index integrations_by_tenant on integrations (tenant_id);
