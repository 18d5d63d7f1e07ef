-- Up Migration

-- The log: every event, for ever, in order. Positions are given out in commit order, without gaps.
create schema log;

create table log.events (
  position       bigint      not null,
  revision       integer     not null,
  schema_version smallint    not null,
  bytes          integer     not null,
  recorded_at    timestamptz not null,
  id             uuid        not null,
  stream         text        not null collate "C",
  type           text        not null collate "C",
  data           json        not null,
  meta           json        not null,
  primary key (position),
  unique (stream, revision)
);
comment on table log.events is 'One row per event. Rows are inserted by log.append alone and never change.';
comment on column log.events.position is 'Place in the log, from 1, gapless, in commit order.';
comment on column log.events.revision is 'Place in the stream, from 0.';
comment on column log.events.bytes is 'Size of data and meta as text, so that a reader can bound its pages without reading them.';

-- Which log this is. One row; the id is written once, the generation rises with every copy and every accepted restore.
create table log.identity (
  singleton    boolean     primary key default true check (singleton),
  id           uuid        not null default gen_random_uuid(),
  generation   integer     not null default 1,
  predecessors json        not null default '[]',
  created_at   timestamptz not null default clock_timestamp(),
  closed_at    timestamptz
);
comment on column log.identity.closed_at is 'Set when the log has moved elsewhere: appends are refused.';
insert into log.identity default values;

-- Appends a batch: many appends to different streams, each of them all or nothing, in one commit.
--
-- The batch holds the log's lock through its commit, so positions are given out in the order in which they become visible.
-- It commits before it returns: a client that is cut off in the middle of the protocol cannot keep the lock. It runs as its
-- caller, who needs nothing but select and insert on the events.
--
-- streams, expected, counts: one entry per append; an expected revision of -1 is a stream that must not exist.
-- owners, ids, types, schema_versions: one entry per event, in the order of the appends; owners are the numbers of their appends, from 1.
-- data, metas: the same as lines of JSON text (which has no line breaks of its own when it is written by a serialiser).
-- Answers one revision and one position per append. Position 0: a conflict, the revision is the stream's actual one.
-- Otherwise they are those of the append's last event, stored now or by an earlier try with the same ids.
create procedure log.append(
  streams         text,
  expected        text,
  counts          text,
  owners          text,
  ids             text,
  types           text,
  schema_versions text,
  data            text,
  metas           text,
  inout revisions text,
  inout positions text
)
language plpgsql
as $$
#variable_conflict use_column
declare
  a_stream   constant text[]    := string_to_array(streams, ',');
  a_expected constant integer[] := string_to_array(expected, ',')::integer[];
  a_count    constant integer[] := string_to_array(counts, ',')::integer[];
  a_id       constant uuid[]    := string_to_array(ids, ',')::uuid[];
  a_actual   integer[];
  a_first    integer[];
  a_revision integer[];
  a_position bigint[];
  head       bigint;
  recorded   timestamptz;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.append needs read committed' using errcode = 'invalid_transaction_state';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  perform pg_advisory_xact_lock(7308322);

  if (select closed_at is not null from log.identity) then
    raise exception 'the log is closed: it has moved' using errcode = 'OP001';
  end if;

  select position, recorded_at into head, recorded from log.events order by position desc limit 1;
  head := coalesce(head, 0);
  recorded := greatest(recorded, clock_timestamp());

  select array_agg(coalesce((select revision from log.events where stream = a.stream order by revision desc limit 1), -1) order by a.nth)
    into a_actual
    from unnest(a_stream) with ordinality a (stream, nth);

  -- Where each append's events begin in the batch, and what to answer when it is taken.
  select array_agg(before + 1 order by nth),
         array_agg(case when expected = actual then expected + count else actual end order by nth),
         array_agg(case when expected = actual then head + taken else 0 end order by nth)
    into a_first, a_revision, a_position
    from (
      select nth, expected, actual, count,
             sum(count) over (order by nth) - count as before,
             sum(case when expected = actual then count else 0 end) over (order by nth) as taken
        from unnest(a_expected, a_actual, a_count) with ordinality a (expected, actual, count, nth)
    ) a;

  insert into log.events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select a.position - a.count + (e.nth - a.first) + 1,
         a.expected + (e.nth - a.first) + 1,
         e.schema_version,
         octet_length(e.data) + octet_length(e.meta),
         recorded, e.id, a.stream, e.type, e.data::json, e.meta::json
    from unnest(
           string_to_array(owners, ',')::integer[], a_id, string_to_array(types, ','), string_to_array(schema_versions, ',')::smallint[],
           string_to_array(data, e'\n'), string_to_array(metas, e'\n')
         ) with ordinality e (owner, id, type, schema_version, data, meta, nth)
    join unnest(a_stream, a_expected, a_actual, a_count, a_first, a_position)
         with ordinality a (stream, expected, actual, count, first, position, nth)
      on a.nth = e.owner
   where a.expected = a.actual;

  -- An append that does not fit may be a retry: its own ids then stand where it would have put them.
  if 0 = any (a_position) then
    select array_agg(coalesce(stored.revision, a.revision) order by a.nth),
           array_agg(coalesce(stored.position, a.position) order by a.nth)
      into a_revision, a_position
      from unnest(a_stream, a_expected, a_count, a_first, a_revision, a_position)
           with ordinality a (stream, expected, count, first, revision, position, nth)
      left join lateral (
           select max(e.revision) as revision, max(e.position) as position
             from log.events e
            where a.position = 0
              and e.stream = a.stream
              and e.revision between a.expected + 1 and a.expected + a.count
              and e.id = a_id[a.first + e.revision - a.expected - 1]
           having count(*) = a.count) stored on true;
  end if;

  if exists (select from unnest(a_position) p where p > head) then
    perform pg_notify('log_appended', '');
  end if;

  revisions := array_to_string(a_revision, ',');
  positions := array_to_string(a_position, ',');
  commit;
end
$$;

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('revoke all on procedure log.append from public');
  execute format('grant usage on schema log to %I', runtime);
  execute format('grant select, insert on log.events to %I', runtime);
  execute format('grant select on log.identity to %I', runtime);
  execute format('grant execute on procedure log.append to %I', runtime);
end
$$;
