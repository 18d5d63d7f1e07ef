import { randomUUID, randomUUIDv7 } from 'node:crypto';
import type { NewEvent } from '../src/eventstore/event-store.ts';

/** The size of every measured event's data as JSON, in bytes. */
export const payloadBytes = 500;

const padding = 'x'.repeat(payloadBytes);

/** An event of {@link payloadBytes}, with what a command adds to it. */
export const benchEvent = (): NewEvent => {
  const data = { orderId: randomUUID(), customerId: randomUUID(), amountMinor: 39_900, note: '' };
  data.note = padding.slice(JSON.stringify(data).length);
  return {
    id: randomUUIDv7(),
    type: 'BenchmarkRun',
    schemaVersion: 1,
    data,
    meta: {
      commandId: randomUUIDv7(),
      commandHash: 'uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek',
      correlationId: randomUUIDv7(),
      actor: 'user:benchmark',
    },
  };
};

/** The name of a stream that does not exist yet; random, as orders' are. */
export const newStream = (): string => `order-${randomUUID()}`;
