-- Sources that are pulled. `credentials` is a Fernet token under the tenant's key for tokens, bound to `uid`; nothing but `sync`
-- reads it. `facts` is what the connector asked to be remembered of the account, never a secret. `trouble` is why nothing is asked at
-- present: `sign_in`, `refused`, `not_allowed`; `error` the sentence of it. Times are milliseconds of unix time: `not_before_ms` and
-- the lease of the system's clock. `lease` names the process and run that works on it until `lease_until_ms`.
create table integrations (
    id              integer primary key,
    uid             text not null unique,
    brand_id        integer not null references brands (id) on delete cascade,
    source          text not null,
    settings        text not null default '{}',
    credentials     text not null,
    credentials_rev integer not null default 1,
    facts           text not null default '{}',
    history_days    integer,
    state           text not null check (state in
                        ('connecting','backfilling','healthy','degraded','needs_sign_in','paused')),
    paused          integer not null default 0,
    tested          text,
    trouble         text check (trouble in ('sign_in','refused','not_allowed')),
    error           text,
    failures        integer not null default 0,
    not_before_ms   integer not null default 0,
    quota           text,
    synced_at_ms    integer,
    overdue_told    integer not null default 0,
    lease           text,
    lease_until_ms  integer not null default 0,
    created_by      text not null,
    created_at_ms   integer not null
) strict;
create index integrations_by_brand on integrations (brand_id);

-- One kind of data of a source. `pass` (JSON) is why it is read at present, `begun_ms` when that began in business time, `position` where
-- the connector goes on; null between two passes. `staged`: the lines of a download lie in sync_staged. `asked` (JSON) lists the days that
-- people want once more. `again_at_ms`: something happens at the source while a pass runs, which is to be seen from then on.
create table integration_streams (
    id              integer primary key,
    integration_id  integer not null references integrations (id) on delete cascade,
    name            text not null,
    state           text not null default 'waiting' check (state in
                        ('waiting','backfilling','healthy','degraded','blocked')),
    pass            text,
    begun_ms        integer,
    position        text,
    staged          integer not null default 0,
    asked           text not null default '[]',
    again_at_ms     integer,
    through_ms      integer,
    restated_at_ms  integer,
    rows            integer not null default 0,
    progress        text,
    last_error      text,
    failures        integer not null default 0,
    next_at_ms      integer not null default 0,
    unique (integration_id, name)
) strict;

-- What was landed of whom, so that only that goes when an integration does: `store`, `warehouse`, `ad_account` (channel and id joined by
-- U+001F).
create table integration_landed (
    integration_id  integer not null references integrations (id) on delete cascade,
    kind            text not null,
    key             text not null,
    primary key (integration_id, kind, key)
) strict, without rowid;

-- History: a run reads every stream that is due to the end of its pass, over as many steps and waits as that takes.
create table sync_runs (
    id              integer primary key,
    integration_id  integer not null references integrations (id) on delete cascade,
    asked_by        text not null,
    state           text not null check (state in ('running','done','failed','stopped')),
    started_at_ms   integer not null,
    ended_at_ms     integer,
    rows_landed     integer not null default 0,
    rows_unchanged  integer not null default 0,
    rows_rejected   integer not null default 0,
    requests        integer not null default 0,
    bytes           integer not null default 0,
    waited_ms       integer not null default 0,
    quota           text,
    error           text
) strict;
create index sync_runs_by_integration on sync_runs (integration_id, started_at_ms);

-- What could not be understood, redacted; the rest of its answer landed. Met again, it is counted and not kept twice.
create table sync_rejects (
    id              integer primary key,
    integration_id  integer not null references integrations (id) on delete cascade,
    stream          text not null,
    key             text not null,
    reason          text not null,
    text            text not null,
    first_at_ms     integer not null,
    last_at_ms      integer not null,
    times           integer not null default 1,
    unique (integration_id, stream, key)
) strict;

-- Answers as they came, redacted and packed with gzip, for as long as the settings say.
create table sync_raw (
    id              integer primary key,
    integration_id  integer not null references integrations (id) on delete cascade,
    stream          text not null,
    kind            text not null,
    about           text not null,
    body            blob not null,
    at_ms           integer not null
) strict;
create index sync_raw_by_integration on sync_raw (integration_id, id);
create index sync_raw_by_age on sync_raw (at_ms);

-- Lines of a download that wait to be landed, redacted; those of one group that came together are one row.
create table sync_staged (
    stream_id       integer not null references integration_streams (id) on delete cascade,
    group_key       text not null,
    line_no         integer not null,
    body            blob not null,
    primary key (stream_id, group_key, line_no)
) strict, without rowid;

-- Deliveries that were taken, so that none counts twice.
create table webhook_ids (
    integration_id  integer not null references integrations (id) on delete cascade,
    id              text not null,
    at_ms           integer not null,
    primary key (integration_id, id)
) strict, without rowid;

-- What a platform passes on of its customers' rights: `data_request`, `redact`, `shop_redact`. `customer` (JSON) names whom; it goes once
-- the request was answered. `answer` is the copy that the shop hands to the customer, kept for 30 days.
create table privacy_requests (
    id              text primary key,
    integration_uid text not null,
    brand_id        integer not null references brands (id) on delete cascade,
    kind            text not null check (kind in ('data_request','redact','shop_redact')),
    reference       text,
    customer        text,
    asked_at_ms     integer not null,
    answered_at_ms  integer,
    answer          text
) strict, without rowid;
