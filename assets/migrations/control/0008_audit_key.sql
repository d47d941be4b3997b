-- What signs the heads of the event chains, sealed under the master key. Null: it follows from the master key, as long as that is the
-- first; heads that were signed must hold when another takes its place.
alter table instance add column audit_key blob;
