-- A tenant that is closed keeps its data: suspended until it is resumed, or to be deleted once `delete_after_ms` is past, which
-- restoring it before takes back. Null where it is neither.
alter table tenants add column suspended_at_ms integer;
alter table tenants add column delete_after_ms integer;
