-- When what is done once a day was done last, in whatever process: milliseconds of unix time.
create table daily_jobs (
    job     text primary key,
    last_ms integer not null
) strict, without rowid;
