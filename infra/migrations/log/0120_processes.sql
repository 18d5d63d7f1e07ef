-- Up Migration

-- What process managers remember, and the commands that they have decided on and not yet got an answer to.
create schema processes;

create table processes.memories (
  process    text        not null collate "C",
  key        text        not null collate "C",
  version    integer     not null,
  position   text        not null collate "C",
  event_id   uuid        not null,
  memory     json        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (process, key, version)
) with (fillfactor = 70);
comment on table processes.memories is 'What a process knows of one order, return or payment.';
comment on column processes.memories.version is 'Of the process whose fold made it. Another version folds its own from the log.';
comment on column processes.memories.position is 'The last event that it has reacted to.';

-- Written and emptied all the time: short at any moment, and vacuumed by the number of rows that went through it.
create table processes.outgoing (
  process        text        not null collate "C",
  seq            bigint      not null,
  key            text        not null collate "C",
  command_id     uuid        not null,
  command        json        not null,
  causation_id   uuid        not null,
  correlation_id text        not null,
  traceparent    text,
  cause          json        not null,
  error          text,
  created_at     timestamptz not null default clock_timestamp(),
  primary key (process, seq)
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_insert_threshold = -1);
comment on table processes.outgoing is 'Commands that a process has decided on, in the order in which they are sent per key. An answered one is deleted.';
comment on column processes.outgoing.command is 'As it is sent: what follows from it is hashed over this text.';
comment on column processes.outgoing.cause is 'The event because of which it is sent, as parking names it.';
comment on column processes.outgoing.error is 'Why it cannot be sent: it and what follows it of its key wait for an operator.';

-- Deadlines whose command was answered: some stand in the read model for good, and are not sent again.
create table processes.served_deadlines (
  stream    text        not null collate "C",
  kind      text        not null collate "C",
  subject   text        not null collate "C",
  event_id  uuid        not null,
  served_at timestamptz not null default clock_timestamp(),
  primary key (stream, kind, subject)
);

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage on schema processes to %I', runtime);
  execute format('grant select, insert, update, delete on processes.memories, processes.outgoing, processes.served_deadlines to %I', runtime);
end
$$;
