-- Of a session's renewals: when one was last told in the events, and how many were not since.
alter table sessions add column renewal_told_ms integer;
alter table sessions add column renewals_untold integer not null default 0;
