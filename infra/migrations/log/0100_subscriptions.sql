-- Up Migration

-- Who follows the log, and how far it has come.
create schema subscriptions;

-- Lease and checkpoint of a subscription in one row, so that one compare-and-set covers both. The row is written often and
-- has no index but its key: most writes stay on their page.
create table subscriptions.checkpoints (
  name        text        not null collate "C" primary key,
  log_id      text,
  generation  integer,
  position    text        collate "C",
  event_id    uuid,
  term        bigint      not null default 0,
  holder      text,
  lease_until timestamptz not null default '-infinity',
  updated_at  timestamptz not null default clock_timestamp(),
  check ((position is null) = (event_id is null) and (position is null) = (log_id is null) and (position is null) = (generation is null))
) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
comment on table subscriptions.checkpoints is 'Per subscription: the log and the last event of it that took effect, and who may go on.';
comment on column subscriptions.checkpoints.position is 'Text form of a position, which sorts in log order; null: nothing read yet.';
comment on column subscriptions.checkpoints.event_id is 'The event at that position; another one there means that the log is not the one that was read.';
comment on column subscriptions.checkpoints.term is 'One more with every holder; a holder of an earlier term can write nothing.';

-- Events that could not take effect, and those of the same group that came after them, in order.
create table subscriptions.parked (
  subscription       text        not null collate "C",
  group_key          text        not null collate "C",
  position           text        not null collate "C",
  event_id           uuid        not null,
  stream             text        not null collate "C",
  revision           integer     not null,
  type               text        not null collate "C",
  error              text,
  attempts           integer     not null default 0,
  parked_at          timestamptz not null default clock_timestamp(),
  retry_requested_at timestamptz,
  primary key (subscription, group_key, position)
);
comment on column subscriptions.parked.error is 'Why the event failed; null: it waits behind an earlier one.';

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage on schema subscriptions to %I', runtime);
  execute format('grant select, insert, update, delete on subscriptions.checkpoints, subscriptions.parked to %I', runtime);
end
$$;
