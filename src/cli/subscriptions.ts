import { parseArgs } from 'node:util';
import { processes } from '../domain/processes/processes.ts';
import { sandbox } from '../domain/processes/sandbox.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { openPool, type Pool } from '../platform/database.ts';
import { createLogger } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { inTransaction } from '../platform/transaction.ts';
import { forwarderSubscription } from '../projections/forwarder.ts';
import { subscriptionOf, tablesOf } from '../projections/projection.ts';
import { readModels } from '../projections/read-models.ts';
import { readCheckpoints, readHolders, resetCheckpoint, resumeAt } from '../subscriptions/checkpoints.ts';
import { readLags } from '../subscriptions/lag.ts';
import { discard, listParked, requestRetry } from '../subscriptions/parking.ts';
import { localPlatform } from './local-platform.ts';
import { openStore } from './open-store.ts';

const readModelNames = readModels.map(subscriptionOf);
const processNames = [...processes, sandbox].map(({ name }) => name);
const names = [...readModelNames, ...processNames, forwarderSubscription];

const usage = `usage: npm run subscriptions [-- <command>]

Shows what follows the log and how far it has come, for the platform that runs in this clone or that DATABASE_URL and EVENT_STORE_URL name.
  list                             every subscription: leader, lag, what is parked and why (the default)
  retry <subscription> [group]     asks the active instance to try parked events again, in order
  discard <subscription> <group>   gives a parked group up: what waits in it never takes effect
  rebuild <read model>             empties a read model and builds it again from the start; it is incomplete meanwhile
  resume-at-head <subscription>    after a restored log: goes on from the log's end, whatever was read before
Subscriptions: ${names.join(', ')}`;

type Parts = { readonly pool: Pool; readonly store: EventStore };

const list = async ({ pool, store }: Parts): Promise<void> => {
  const [lags, holders, begun] = await Promise.all([readLags(pool, store, names), readHolders(pool, names), readCheckpoints(pool, names)]);
  for (const name of names) {
    // The sandbox is for development: elsewhere nobody follows under its name.
    if (name === sandbox.name && !begun.has(name) && !holders.has(name)) continue;
    const { seconds, events } = lags.get(name)!;
    const lag = seconds === 0 ? 'up to date' : `${seconds.toFixed(1)} s behind${events === undefined ? '' : `, ${events} events`}`;
    console.log(`${name.padEnd(16)} ${lag.padEnd(34)} ${holders.get(name) ?? 'nobody follows'}`);
    for (const [group, { events: parked, retryRequested }] of await listParked(pool, name)) {
      const failed = parked.find(({ error }) => error !== undefined);
      console.log(`  parked ${group}: ${parked.length} ${parked.length === 1 ? 'event' : 'events'}${retryRequested ? ', to be tried again' : ''}`);
      if (failed) console.log(`    ${failed.type} at revision ${failed.revision} of ${failed.stream}, ${failed.attempts} tries: ${failed.error}`);
    }
  }
};

const rebuild = async ({ pool }: Parts, name: string): Promise<string> => {
  const readModel = readModels.find((each) => subscriptionOf(each) === name);
  if (!readModel) throw new Error(`'${name}' is no read model. Read models: ${readModelNames.join(', ')}.`);
  await inTransaction(pool, async (client) => {
    // The checkpoint first: whoever follows now is fenced off before its rows vanish.
    await resetCheckpoint(client, name);
    await client.query(
      `truncate ${tablesOf(readModel)
        .map(({ table }) => table)
        .join(', ')}`,
    );
    await client.query('delete from subscriptions.parked where subscription = $1', [name]);
  });
  return `${name} is built again from the start of the log.`;
};

const commands = ['list', 'retry', 'discard', 'rebuild', 'resume-at-head'] as const;
type Command = (typeof commands)[number];

const run = async (command: Command, name: string | undefined, group: string | undefined, parts: Parts): Promise<string | undefined> => {
  if (command === 'list') {
    await list(parts);
    return undefined;
  }
  if (name === undefined || !names.includes(name)) throw new Error(`${command} takes one of ${names.join(', ')}.\n\n${usage}`);
  switch (command) {
    case 'retry':
      return `${await requestRetry(parts.pool, name, group)} parked events will be tried again.`;
    case 'discard': {
      if (group === undefined) throw new Error('discard takes the group to give up, as `list` shows it.');
      return `${await discard(parts.pool, name, group)} parked events are given up.`;
    }
    case 'rebuild':
      return rebuild(parts, name);
    case 'resume-at-head': {
      const position = await parts.store.head();
      const event = await parts.store.eventAt(position);
      if (!event) throw new Error('The log is empty: there is nothing to resume at.');
      await resumeAt(parts.pool, name, { progress: { position, eventId: event.id }, log: await parts.store.identity() });
      return `${name} goes on after position ${position}.`;
    }
  }
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) return console.log(usage);
  const [asked = 'list', name, group] = positionals;
  const command = commands.find((known) => known === asked);
  if (command === undefined) throw new Error(`There is no command '${asked}'.\n\n${usage}`);
  const urls = localPlatform('DATABASE_URL', 'EVENT_STORE_URL');
  const logger = createLogger({ role: 'subscriptions', level: 'fatal' });
  const store = openStore(urls.EVENT_STORE_URL, { name: 'orders operator', logger, metrics: createMetrics('operator') });
  const pool = openPool({ url: urls.DATABASE_URL, name: 'orders operator', max: 4, logger, settings: { statement_timeout: '60s' } });
  try {
    const said = await run(command, name, group, { pool, store });
    if (said !== undefined) console.log(said);
  } finally {
    await store.close();
    await pool.end();
  }
};

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
