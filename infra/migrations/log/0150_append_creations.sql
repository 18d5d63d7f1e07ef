-- Up Migration

-- Most appends create a stream. What such an append has to know, that nothing stands there yet, is what the unique index on
-- stream and revision checks anyway: nothing is looked up for it. Only when the index objects is every stream of the batch
-- asked for its revision. What the events are is taken apart once, as text, and parsed as JSON where it is stored.
--
-- Parameters and answer are those of 0001.
create or replace procedure log.append(
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
  e_data     constant text[]    := string_to_array(data, e'\n');
  e_meta     constant text[]    := string_to_array(metas, e'\n');
  a_actual   integer[] := a_expected;
  refused    text[];
  before     bigint;
  recorded   timestamptz;
  closed     timestamptz;
  stored     bigint;
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

  for every_stream in 0 .. 1 loop
    if every_stream = 1 or -1 <> any (a_expected) then
      select array_agg(case when a.expected = -1 and every_stream = 0 then -1
                            else coalesce((select revision from log.events where stream = a.stream order by revision desc limit 1), -1)
                       end order by a.nth)
        into a_actual
        from unnest(a_stream, a_expected) with ordinality a (stream, expected, nth);
    end if;
    if a_actual <> a_expected then
      select array_agg(a.stream) into refused
        from unnest(a_stream, a_expected, a_actual) a (stream, expected, actual)
       where a.expected <> a.actual;
    end if;

    begin
      insert into log.events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
      select before + case when refused is null then e.nth else row_number() over (order by e.nth) end,
             e.revision, e.schema_version, octet_length(e.data) + octet_length(e.meta), recorded, e.id, e.stream, e.type, e.data::json, e.meta::json
        from unnest(e_stream, e_revision, e_id, e_type, e_version, e_data, e_meta) with ordinality e (stream, revision, id, type, schema_version, data, meta, nth)
       where refused is null or e.stream <> all (refused);
      get diagnostics stored = row_count;
      exit;
    exception when unique_violation then
      -- A stream that was to be created stands already.
      if every_stream = 1 then
        raise;
      end if;
    end;
  end loop;
  if stored > 0 then
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
