import assert from 'node:assert/strict';
import { createSecretKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { customerCommands } from '../../src/commands/customer-commands.ts';
import { commandExecutor } from '../../src/commands/execute.ts';
import { fulfilmentCommands } from '../../src/commands/fulfilment-commands.ts';
import { commandHandler } from '../../src/commands/handle.ts';
import { offerCommands } from '../../src/commands/offer-commands.ts';
import { orderCommands } from '../../src/commands/order-commands.ts';
import { paymentCommands } from '../../src/commands/payment-commands.ts';
import { paymentRecords } from '../../src/commands/payment-records.ts';
import { returnCommands } from '../../src/commands/return-commands.ts';
import { openSnapshots } from '../../src/commands/snapshots.ts';
import { openStates } from '../../src/commands/states.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { offerStream } from '../../src/domain/ids.ts';
import { standardTerms, type Terms } from '../../src/domain/terms.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { decoder, writtenVersions } from '../../src/eventstore/event-versions.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import type { Outcome, Refusal } from '../../src/platform/call.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent, type Logger } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openKeys } from '../../src/privacy/keys.ts';
import { callAs } from './calls.ts';
import type { TestDatabase } from './database.ts';
import { publishOfferRequest } from './requests.ts';

/** The key under which tests wrap subjects' keys. */
export const masterKey: KeyObject = createSecretKey(randomBytes(32));

/**
 * An api process as far as commands go: connections, memory and queues of its own. Two of them on one database are two
 * processes to each other.
 */
export const openCommandProcess = (
  database: TestDatabase,
  options: {
    readonly now?: () => Date;
    readonly terms?: Terms;
    readonly maxStreams?: number;
    readonly logger?: Logger;
    /** The code that folds, as snapshots name it. */
    readonly fold?: string;
    /** The store's address, where it is not the database's own. */
    readonly url?: string;
    /** Puts something between the handler and its store. */
    readonly through?: (store: EventStore) => Partial<EventStore>;
  } = {},
) => {
  const { logger = silent, now, maxStreams = 1_000, terms = standardTerms } = options;
  const metrics = createMetrics('test');
  const opened = openPostgresStore({ url: options.url ?? database.runtimeUrl, name: 'test', logger, metrics });
  const store: EventStore = { ...opened, ...options.through?.(opened) };
  const pool = openPool({ url: database.keysUrl, name: 'test keys', max: 4, logger });
  const keys = openKeys({ pool, masterKey });
  const logPool = openPool({ url: database.runtimeUrl, name: 'test', max: 4, logger });
  const snapshots = openSnapshots({ pool: logPool, fold: options.fold ?? 'test', logger });
  const states = openStates({ store, decode: decoder(catalogue), maxStreams, snapshots });
  const versions = writtenVersions(catalogue);
  const clock = now ? { now } : {};
  const handle = commandHandler({ store, states, keys, versions, logger, metrics, ...clock });
  return {
    ...offerCommands(handle),
    ...orderCommands(handle, terms),
    ...fulfilmentCommands(handle, terms),
    ...paymentCommands(handle),
    ...paymentRecords(handle),
    ...customerCommands(handle),
    ...returnCommands(handle, states, terms),
    /** Of a process's or a deadline's commands. */
    execute: commandExecutor({ store, states, versions, logger, metrics: createMetrics('test'), ...clock }),
    store,
    keys,
    metrics,
    /** All events of a stream. */
    async eventsOf(stream: string): Promise<readonly Recorded[]> {
      const events: Recorded[] = [];
      for await (const event of opened.read(stream)) events.push(event);
      return events;
    },
    async close() {
      await opened.close();
      await Promise.all([pool.end(), logPool.end()]);
    },
  };
};

export type CommandProcess = ReturnType<typeof openCommandProcess>;

/** A published offer of a new merchant, who can be called for. */
export const offerOf = async (process: CommandProcess, change: Parameters<typeof publishOfferRequest>[0] = {}) => {
  const merchantId = randomUUID();
  const { offerId } = answerOf(await process.publishOffer(publishOfferRequest(change), callAs('merchant', { merchantId })));
  return {
    offerId,
    merchantId,
    stream: offerStream(offerId),
    asMerchant: (more: Parameters<typeof callAs>[1] = {}) => callAs('merchant', { merchantId, ...more }),
  };
};

/** The message of an answered outcome; fails when it was refused. */
export const answerOf = <Message>(outcome: Outcome<Message>): Message => {
  if (outcome.kind === 'refused') assert.fail(`${outcome.code}: ${outcome.because}`);
  return outcome.message;
};

/** The refusal, of which the code is expected. */
export const refusalOf = (outcome: Outcome<unknown>, code: string): Refusal => {
  assert.ok(outcome.kind === 'refused', `${code} was expected, and it was accepted`);
  assert.equal(outcome.code, code);
  return outcome;
};
