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
-- event_streams, event_revisions, ids, types, schema_versions: one entry per event, in the order of the appends.
-- data, metas: the same as lines of JSON text (which has no line breaks of its own when it is written by a serialiser).
--
-- Answers the head before the batch, and nothing else when every append was taken: positions then follow that head in the
-- order of the events. Otherwise revisions and positions have one entry per append. Position 0: a conflict, the revision is
-- the stream's actual one; else they are those of the append's last event, stored now or by an earlier try with the same ids.
create procedure log.append(
  streams         text,
  expected        text,
  counts          text,
  event_streams   text,
  event_revisions text,
  ids             text,
  types           text,
  schema_versions text,
  data            text,
  metas           text,
  inout head      bigint,
  inout revisions text,
  inout positions text
)
language plpgsql
as $$
#variable_conflict use_column
declare
  a_stream   constant text[]    := string_to_array(streams, ',');
  a_expected constant integer[] := string_to_array(expected, ',')::integer[];
  e_stream   constant text[]    := string_to_array(event_streams, ',');
  e_revision constant integer[] := string_to_array(event_revisions, ',')::integer[];
  e_id       constant uuid[]    := string_to_array(ids, ',')::uuid[];
  e_type     constant text[]    := string_to_array(types, ',');
  e_version  constant smallint[] := string_to_array(schema_versions, ',')::smallint[];
  e_data     constant json[]    := string_to_array(data, e'\n')::json[];
  e_meta     constant json[]    := string_to_array(metas, e'\n')::json[];
  a_actual   integer[];
  refused    text[];
  before     bigint;
  recorded   timestamptz;
  closed     timestamptz;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.append needs read committed' using errcode = 'invalid_transaction_state';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  -- What is sent was taken apart above, before the lock: the batch before commits meanwhile.
  perform pg_advisory_xact_lock(7308322);

  select i.closed_at, coalesce(e.position, 0), greatest(e.recorded_at, clock_timestamp())
    into closed, before, recorded
    from log.identity i
    left join (select position, recorded_at from log.events order by position desc limit 1) e on true;
  if closed is not null then
    raise exception 'the log is closed: it has moved' using errcode = 'OP001';
  end if;

  select array_agg(coalesce((select revision from log.events where stream = a.stream order by revision desc limit 1), -1) order by a.nth)
    into a_actual
    from unnest(a_stream) with ordinality a (stream, nth);

  if a_actual <> a_expected then
    select array_agg(a.stream) into refused
      from unnest(a_stream, a_expected, a_actual) a (stream, expected, actual)
     where a.expected <> a.actual;
  end if;

  insert into log.events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select before + case when refused is null then e.nth else row_number() over (order by e.nth) end,
         e.revision, e.schema_version, octet_length(e.data::text) + octet_length(e.meta::text), recorded, e.id, e.stream, e.type, e.data, e.meta
    from unnest(e_stream, e_revision, e_id, e_type, e_version, e_data, e_meta) with ordinality e (stream, revision, id, type, schema_version, data, meta, nth)
   where refused is null or e.stream <> all (refused);
  if found then
    perform pg_notify('log_appended', '');
  end if;

  -- An append that does not fit may be a retry: its own ids then stand where it would have put them.
  if refused is not null then
    select string_agg(case when a.expected = a.actual then a.expected + a.count else coalesce(stored.revision, a.actual) end::text, ',' order by a.nth),
           string_agg(case when a.expected = a.actual then before + a.taken else coalesce(stored.position, 0) end::text, ',' order by a.nth)
      into revisions, positions
      from (
        select nth, stream, expected, actual, count, sum(count) filter (where expected = actual) over (order by nth) as taken
          from unnest(a_stream, a_expected, a_actual, string_to_array(counts, ',')::integer[])
               with ordinality a (stream, expected, actual, count, nth)) a
      left join lateral (
           select max(s.revision) as revision, max(s.position) as position
             from unnest(e_stream, e_revision, e_id) e (stream, revision, id)
             join log.events s on s.stream = e.stream and s.revision = e.revision and s.id = e.id
            where e.stream = a.stream and a.expected <> a.actual
           having count(*) = a.count) stored on true;
  end if;

  head := before;
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
