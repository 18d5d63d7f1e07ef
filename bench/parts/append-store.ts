// Appends single events to new streams of our event store.
import { openStore } from '../../src/cli/open-store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { benchEvent, newStream } from '../events.ts';
import { saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const store = openStore(url, { name: 'bench', logger: silent, metrics: createMetrics('bench') });

answerQuestions(
  {
    round: ({ concurrency, durationMs }: { readonly concurrency: number; readonly durationMs: number }) =>
      saturate(concurrency, durationMs, async () => {
        const result = await store.append(newStream(), [benchEvent()], 'none');
        if (result.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(result)}`);
      }),
  },
  store.close,
);
