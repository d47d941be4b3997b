-- The oldest day of which a stream has brought anything, `YYYY-MM-DD`: of orders and refunds in the brand's zone, else as the platform
-- names it.
alter table integration_streams add column oldest_day text;

-- Short-lived credentials are made anew often and told of once a day: when that was last, and how often since.
alter table integrations add column renewal_told_ms integer;
alter table integrations add column renewals_untold integer not null default 0;

-- `keep` or `delete`: it was taken away, and what is kept of it or what it landed is still being deleted, piece by piece.
alter table integrations add column removing text check (removing in ('keep', 'delete'));
