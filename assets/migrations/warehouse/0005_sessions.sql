-- Visits that the shop's own pages told of, cut at 30 idle minutes. `started_at` is unix seconds; `channel`, `source` and the rest are those
-- of the first coming within. `country` is where the visit's order went, and NULL without one: nothing is derived from an address.
create table fact_sessions (
    brand_id integer not null, session_id bigint not null, visitor_id bigint not null, day date not null, hour tinyint not null,
    started_at bigint not null, channel varchar not null, source varchar, medium varchar, campaign varchar, adset varchar,
    ad varchar, landing_page varchar, device varchar, country varchar, pages bigint not null, added boolean not null,
    checked_out boolean not null, ordered boolean not null
);
