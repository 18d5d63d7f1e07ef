import { randomUUID } from 'node:crypto';
import {
  EventStoreDBClient,
  jsonEvent,
  type AllStreamSubscription,
  type EventData,
  type Filter,
  type Position,
  type ReadPosition,
} from '@eventstore/db-client';
import { afterwards } from '../support/afterwards.ts';
import { startEventStoreDb } from '../support/eventstoredb-under-test.ts';

// What the protocol suite looks through: the official client, bare, and what it says in a form that compares.

/** A client of the server under test, for the tests of one file. */
export const clientForTests = async (): Promise<{ readonly client: EventStoreDBClient; readonly url: string; readonly nodeUrl: string }> => {
  const { url, nodeUrl, close } = await startEventStoreDb();
  afterwards(close);
  const client = EventStoreDBClient.connectionString(url);
  afterwards(() => client.dispose());
  return { client, url, nodeUrl };
};

/** With them, an append goes through the plain call; without, through the batch call. */
export const credentials = { username: 'admin', password: 'changeit' } as const;
export const ways = [
  ['batch call', {}],
  ['plain call', { credentials }],
] as const;

export const newStream = (): string => `protocol-${randomUUID()}`;
export const event = (n: number | string = 0, more: { id?: string; type?: string; metadata?: Record<string, string> } = {}): EventData =>
  jsonEvent({ type: 'Observed', data: { n }, ...more });
export const some = (count: number): EventData[] => Array.from({ length: count }, (_, n) => event(n));

/** The error that something ends with, as far as it is the same each time. The stream's name is left out of the text. */
export const errorOf = async (work: () => Promise<unknown>): Promise<Readonly<Record<string, unknown>>> => {
  try {
    await work();
  } catch (error) {
    return told(error);
  }
  throw new Error('it did not fail');
};

const told = (error: unknown): Readonly<Record<string, unknown>> => {
  const { type, code, message, expectedVersion, actualVersion } = error as Error & Record<string, unknown>;
  const kept = { type, code, message: message.replaceAll(/protocol-[0-9a-f-]{36}/g, 'the-stream'), expectedVersion, actualVersion };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
};

/** What a subscription to the whole log tells in a while: events and checkpoints by their distance from a place. */
export const told$all = async (
  client: EventStoreDBClient,
  options: {
    readonly from: ReadPosition;
    readonly filter?: Filter;
    readonly origin: Position;
    readonly until: (told: readonly string[]) => boolean;
    readonly during?: () => Promise<void>;
  },
): Promise<string[]> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  const say = (what: string): void => {
    said.push(what);
    if (options.until(said)) resolve();
  };
  const place = (position: Position): string =>
    `${position.commit - options.origin.commit}${position.prepare === position.commit ? '' : `, prepare ${position.prepare}`}`;
  const subscription: AllStreamSubscription = client.subscribeToAll({
    fromPosition: options.from,
    ...(options.filter && {
      filter: { ...options.filter, checkpointReached: (_: unknown, position: Position) => say(`checkpoint ${place(position)}`) },
    }),
  });
  subscription.on('confirmation', () => say('confirmed'));
  subscription.on('caughtUp', () => say('caught up'));
  subscription.on('data', ({ event: sent }) => sent && say(`event ${place(sent.position)}`));
  subscription.on('error', (error) => {
    say(`error ${JSON.stringify(told(error))}`);
    resolve();
  });
  const late = setTimeout(() => reject(new Error(`only: ${said.join('; ')}`)), 20_000);
  try {
    await options.during?.();
    await promise;
    await subscription.unsubscribe();
  } finally {
    clearTimeout(late);
  }
  return said;
};
