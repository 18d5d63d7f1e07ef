import { derivedId } from '../domain/ids.ts';
import type { Logged } from '../eventstore/event-store.ts';
import type { ClientBase } from '../platform/database.ts';
import type { Happened } from '../projections/projection.ts';
import type { ParkedEvent } from '../subscriptions/parking.ts';

/** A command that a process has decided on, as it is stored until it is answered. */
export type Outgoing = {
  /** Commands of one key are sent in this order. */
  readonly seq: number;
  readonly key: string;
  readonly commandId: string;
  /** JSON, as it is sent and hashed. */
  readonly command: string;
  /** The event, or the refused command, that led to it. */
  readonly causationId: string;
  readonly correlationId: string;
  readonly traceparent: string | null;
  readonly cause: Cause;
};

/** The event that a process was reacting to, as parking names it. */
export type Cause = Pick<Logged, 'position' | 'stream' | 'revision' | 'type'> & { readonly eventId: string };

/** The commands of a reaction. Their ids follow from process, key, event and ordinal: two lines of one offer need two. */
export const commandsOf = (process: string, key: string, event: Happened, commands: readonly object[], firstSeq: number): readonly Outgoing[] => {
  const { id: eventId, position, stream, revision, type, meta } = event;
  return commands.map((command, ordinal) => ({
    seq: firstSeq + ordinal,
    key,
    commandId: derivedId(process, key, eventId, String(ordinal)),
    command: JSON.stringify(command),
    causationId: eventId,
    correlationId: meta.correlationId,
    traceparent: meta.traceparent ?? null,
    cause: { position, eventId, stream, revision, type },
  }));
};

/** The commands that answer a refusal. Their ids follow from the refused command's, the code and the ordinal. */
export const answersTo = (refused: Outgoing, code: string, commands: readonly object[], firstSeq: number): readonly Outgoing[] =>
  commands.map((command, ordinal) => ({
    ...refused,
    seq: firstSeq + ordinal,
    commandId: derivedId(refused.commandId, code, String(ordinal)),
    command: JSON.stringify(command),
    causationId: refused.commandId,
  }));

/** The event to park when a command of its reaction cannot be sent. */
export const parkedCause = ({ key, cause, command }: Outgoing, error: string, attempts: number): ParkedEvent => ({
  ...cause,
  group: key,
  attempts,
  error: `${commandName(command)}: ${error}`,
});

/** What a stored command is called: `ReserveStock`. */
export const commandName = (command: string): string => {
  const { type, command: inner } = JSON.parse(command) as { type?: string; command?: { type?: string } };
  return inner?.type ?? type ?? 'command';
};

export const insertOutgoing = async (client: ClientBase, process: string, commands: readonly Outgoing[]): Promise<void> => {
  if (commands.length === 0) return;
  await client.query({
    name: 'insert-outgoing',
    text: `insert into processes.outgoing (process, seq, key, command_id, command, causation_id, correlation_id, traceparent, cause)
           select $1, o.seq, o.key, o.command_id, o.command::json, o.causation_id, o.correlation_id, o.traceparent, o.cause::json
             from unnest($2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[])
                  o (seq, key, command_id, command, causation_id, correlation_id, traceparent, cause)`,
    values: [
      process,
      commands.map(({ seq }) => seq),
      commands.map(({ key }) => key),
      commands.map(({ commandId }) => commandId),
      commands.map(({ command }) => command),
      commands.map(({ causationId }) => causationId),
      commands.map(({ correlationId }) => correlationId),
      commands.map(({ traceparent }) => traceparent),
      commands.map(({ cause }) => JSON.stringify(cause)),
    ],
  });
};

/** What was answered is deleted. */
export const deleteOutgoing = async (client: ClientBase, process: string, commands: readonly Outgoing[]): Promise<void> => {
  if (commands.length === 0) return;
  await client.query({
    name: 'delete-outgoing',
    text: 'delete from processes.outgoing where process = $1 and seq = any($2::bigint[])',
    values: [process, commands.map(({ seq }) => seq)],
  });
};

/** The command, and with it what follows of its key, waits for an operator. */
export const stopOutgoing = async (client: ClientBase, process: string, { seq }: Outgoing, error: string): Promise<void> => {
  await client.query('update processes.outgoing set error = $3 where process = $1 and seq = $2', [process, seq, error.slice(0, 2_000)]);
};

/** The commands that stopped their keys, by key. */
export const stoppedKeys = async (client: ClientBase, process: string): Promise<ReadonlyMap<string, Cause>> => {
  const { rows } = await client.query<{ key: string; cause: Cause }>(
    'select key, cause from processes.outgoing where process = $1 and error is not null order by seq',
    [process],
  );
  return new Map(rows.map(({ key, cause }) => [key, cause]));
};

/** A key that was stopped goes on: all its commands, in order. */
export const resumeOutgoing = async (client: ClientBase, process: string, key: string): Promise<readonly Outgoing[]> => {
  await client.query('update processes.outgoing set error = null where process = $1 and key = $2 and error is not null', [process, key]);
  return loadOutgoing(client, process, key);
};

/** Gives up the commands of keys that were stopped: they are never sent. */
export const discardOutgoing = async (client: ClientBase, process: string, keys: readonly string[]): Promise<void> => {
  await client.query('delete from processes.outgoing where process = $1 and key = any($2)', [process, keys]);
};

/** What is to be sent, in order; with a key: that key's. The commands of keys that were stopped are left out. */
export const loadOutgoing = async (client: ClientBase, process: string, key?: string): Promise<readonly Outgoing[]> => {
  const { rows } = await client.query<Outgoing>(
    `select seq, key, command_id as "commandId", command::text, causation_id as "causationId",
            correlation_id as "correlationId", traceparent, cause
       from processes.outgoing o
      where process = $1 and ($2::text is null or key = $2)
        and not exists (select from processes.outgoing stopped where stopped.process = $1 and stopped.key = o.key and stopped.error is not null)
   order by seq`,
    [process, key ?? null],
  );
  return rows;
};

/** The number after that of the last command that is stored. */
export const nextSeq = async (client: ClientBase, process: string): Promise<number> => {
  const { rows } = await client.query<{ next: number }>('select coalesce(max(seq), 0) + 1 as next from processes.outgoing where process = $1', [
    process,
  ]);
  return rows[0]!.next;
};
