import { parseArgs } from 'node:util';
import type { EventStore } from '../eventstore/event-store.ts';
import type { LogOperations } from '../eventstore/log-operations.ts';
import { copyLog, type CopyProgress } from '../operations/copy-log.ts';
import { moveLog } from '../operations/move-log.ts';
import { translateCheckpoints } from '../operations/translate-checkpoints.ts';
import { openPool } from '../platform/database.ts';
import { createLogger } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { forwarderSubscription } from '../projections/forwarder.ts';
import { openOperations } from './open-operations.ts';
import { openStore } from './open-store.ts';

const usage = `usage: npm run log -- <command>

Moves the event log to another store while the platform goes on writing to it.
  status                which logs these are, how long, and whether they are closed
  copy                  copies what the target has not got yet and compares everything; as often as wanted
  move                  copies, closes the source, copies the rest, and makes the target its successor
  translate [--behind]  lets the subscriptions go on in the target after the last event that they saw in the source;
                        with --behind also a forwarder that has not come to the source's end: its messages may come twice
  close                 closes the source: commands are answered UNAVAILABLE (LOG_CLOSED)
  reopen                takes appends to the source again, after a move that was given up
Ctrl-C stops; the same command goes on where it was.
  SOURCE_LOG_URL   the log, as the role that owns it (an administrator on EventStoreDB)
  TARGET_LOG_URL   the log that it is copied to, likewise
  DATABASE_URL     where the subscriptions' checkpoints are (translate), as the runtime role`;

const commands = ['status', 'copy', 'move', 'translate', 'close', 'reopen'] as const;
type Command = (typeof commands)[number];

const needed: Readonly<Record<Command, readonly string[]>> = {
  status: ['SOURCE_LOG_URL'],
  copy: ['SOURCE_LOG_URL', 'TARGET_LOG_URL'],
  move: ['SOURCE_LOG_URL', 'TARGET_LOG_URL'],
  translate: ['TARGET_LOG_URL', 'DATABASE_URL'],
  close: ['SOURCE_LOG_URL'],
  reopen: ['SOURCE_LOG_URL'],
};

const logger = createLogger({ role: 'log', level: 'fatal' });
const stop = new AbortController();
const ending: (() => Promise<void>)[] = [];

const store = (variable: string): EventStore => {
  const opened = openStore(process.env[variable]!, { name: 'orders log operator', logger, metrics: createMetrics('operator') });
  ending.push(opened.close);
  return opened;
};
const operations = (variable: string): LogOperations => {
  const opened = openOperations(process.env[variable]!, { logger });
  ending.push(opened.end);
  return opened;
};

const report = ({ doing, events, eventsPerSecond, share, secondsLeft }: CopyProgress): void => {
  const left = secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  console.log(`${doing}: ${events} events, ${Math.round(eventsPerSecond)}/s, ${(share * 100).toFixed(1)} % of the log${left}`);
};

/** What the command has to say at its end, and whether it did what it was asked. */
type Ending = { readonly done: boolean; readonly said: string };
const done = (said: string): Ending => ({ done: true, said });
const notDone = (said: string): Ending => ({ done: false, said });

const describe = async (name: string, log: EventStore): Promise<string> => {
  const [{ id, generation, closed, predecessors }, head] = await Promise.all([log.identity(), log.head()]);
  const after = predecessors.map((predecessor) => `\n  holds all of log ${predecessor.id}, up to its position ${predecessor.copiedTo}`);
  return `${name}: log ${id}, generation ${generation}, up to position ${head}${closed ? ', closed' : ''}${after.join('')}`;
};

const copy = async (): Promise<Ending> => {
  const outcome = await copyLog({ ...logs(), targetOperations: operations('TARGET_LOG_URL'), report, signal: stop.signal });
  if (outcome.kind === 'refused') return notDone(`Not copied: ${outcome.because}.`);
  return done(`${outcome.events} events were copied now; the target equals the source up to position ${outcome.at.source}.`);
};

const move = async (): Promise<Ending> => {
  const outcome = await moveLog({
    ...logs(),
    sourceOperations: operations('SOURCE_LOG_URL'),
    targetOperations: operations('TARGET_LOG_URL'),
    report,
    closed: () => console.log('The source is closed.'),
    signal: stop.signal,
  });
  if (outcome.kind === 'refused') return notDone(`Not moved: ${outcome.because}.`);
  return done(
    `The log has moved, generation ${outcome.generation}: every event is in the target, equal and in order. Wait until the forwarder has come to the ` +
      'end of the source, stop what follows it, translate, and start every role with the new EVENT_STORE_URL.',
  );
};

const translate = async (behind: boolean): Promise<Ending> => {
  const pool = openPool({ url: process.env['DATABASE_URL']!, name: 'orders log operator', max: 2, logger, settings: { statement_timeout: '60s' } });
  ending.push(() => pool.end());
  const drained = behind ? [] : [forwarderSubscription];
  const outcomes = await translateCheckpoints({ pool, store: store('TARGET_LOG_URL'), drained, signal: stop.signal });
  if (outcomes.length === 0) return done('No subscription stands in another log.');
  const lines = outcomes.map((outcome) => {
    switch (outcome.kind) {
      case 'translated':
        return `${outcome.name} goes on after position ${outcome.position}.`;
      case 'behind':
        return `${outcome.name} has not come to the end of the source: let it, on the source, or accept messages that come twice (--behind).`;
      case 'left':
        return `${outcome.name} is left as it is: ${outcome.because}.`;
    }
  });
  return { done: outcomes.every(({ kind }) => kind === 'translated'), said: lines.join('\n') };
};

const logs = (): { readonly source: EventStore; readonly target: EventStore } => ({
  source: store('SOURCE_LOG_URL'),
  target: store('TARGET_LOG_URL'),
});

const run = async (command: Command, options: { readonly behind: boolean }): Promise<Ending> => {
  switch (command) {
    case 'status': {
      const lines = [await describe('source', store('SOURCE_LOG_URL'))];
      if (process.env['TARGET_LOG_URL']) lines.push(await describe('target', store('TARGET_LOG_URL')));
      return done(lines.join('\n'));
    }
    case 'copy':
      return copy();
    case 'move':
      return move();
    case 'translate':
      return translate(options.behind);
    case 'close': {
      const closing = await operations('SOURCE_LOG_URL').close();
      if (closing.kind === 'open') return notDone(`Not closed: ${closing.because}.`);
      return done('The source is closed: commands are answered UNAVAILABLE until it is opened again or the log has moved.');
    }
    case 'reopen':
      await operations('SOURCE_LOG_URL').reopen();
      return done('The source takes appends again.');
  }
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, behind: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(usage);
  const command = commands.find((known) => known === positionals[0]);
  const missing = command ? needed[command].filter((name) => !process.env[name]) : [];
  if (command === undefined || positionals.length > 1 || missing.length > 0) {
    console.error(missing.length > 0 ? `${missing.join(' and ')} must be set.\n\n${usage}` : usage);
    process.exitCode = 2;
    return;
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error('Stopped. The same command goes on where it was.')));
  try {
    const { done: well, said } = await run(command, values);
    (well ? console.log : console.error)(said);
    if (!well) process.exitCode = 1;
  } finally {
    await Promise.all(ending.map((end) => end()));
  }
};

main().catch((error: unknown) => {
  const { code, message } = error as { code?: string; message: string };
  console.error(code === '42501' ? `${message}: SOURCE_LOG_URL and TARGET_LOG_URL must name the roles that own the logs` : message);
  process.exitCode = 1;
});
