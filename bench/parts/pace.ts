// Appends orders at a steady rate and notes when each was sent and when it was acknowledged.
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { openStore } from '../../src/cli/open-store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { placedOrder } from '../history.ts';
import { now } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

/** One appended event; times are milliseconds of the machine's monotonic clock. */
export type Paced = { readonly id: string; readonly position: string; readonly sentAt: number; readonly acknowledgedAt: number };

const { url } = await partOptions<{ readonly url: string }>();
const store = openStore(url, { name: 'bench', logger: silent, metrics: createMetrics('bench') });

const append = async (): Promise<Paced> => {
  const id = randomUUIDv7();
  const meta = {
    commandId: randomUUIDv7(),
    commandHash: 'uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek',
    correlationId: randomUUIDv7(),
    actor: 'user:benchmark',
  };
  const sentAt = now();
  const result = await store.append(`order-${randomUUID()}`, [{ id, type: 'OrderPlaced', schemaVersion: 1, data: placedOrder, meta }], 'none');
  if (result.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(result)}`);
  return { id, position: result.position, sentAt, acknowledgedAt: now() };
};

answerQuestions(
  {
    pace: async ({ perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number }): Promise<readonly Paced[]> => {
      const appends: Promise<Paced>[] = [];
      const begun = now();
      const total = (perSecond * durationMs) / 1_000;
      while (appends.length < total) {
        const due = Math.min(total, Math.floor(((now() - begun) * perSecond) / 1_000));
        while (appends.length < due) appends.push(append());
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return Promise.all(appends);
    },
  },
  store.close,
);
