-- Up Migration

-- Folded streams, so that a process need not read a long one from its start. A cache: everything here may be deleted at any time.
create schema snapshots;

create table snapshots.states (
  stream   text        not null collate "C",
  fold     text        not null collate "C",
  revision integer     not null,
  event_id uuid        not null,
  state    json        not null,
  saved_at timestamptz not null default clock_timestamp(),
  primary key (stream, fold)
);
comment on column snapshots.states.fold is 'The code that folded; a state of other code is not used.';
comment on column snapshots.states.event_id is 'The event at that revision; another one there means that the stream is not the one that was folded.';
create index on snapshots.states (saved_at);

-- The commands that made a stream, up to its snapshot: the same command again gets its first answer.
create table snapshots.commands (
  stream      text        not null collate "C",
  command_id  uuid        not null,
  hash        text        not null collate "C",
  revision    integer     not null,
  recorded_at timestamptz not null,
  primary key (stream, command_id)
);
create index on snapshots.commands (recorded_at);

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage on schema snapshots to %I', runtime);
  execute format('grant select, insert, update, delete on snapshots.states, snapshots.commands to %I', runtime);
end
$$;
