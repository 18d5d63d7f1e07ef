// Appends single events to new streams of Emmett's PostgreSQL event store.
import { STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { benchEvent, newStream } from '../events.ts';
import { saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const store = getPostgreSQLEventStore(url);
await store.schema.migrate();

answerQuestions(
  {
    round: ({ concurrency, durationMs }: { readonly concurrency: number; readonly durationMs: number }) =>
      saturate(concurrency, durationMs, async () => {
        const { type, data, meta } = benchEvent();
        await store.appendToStream(newStream(), [{ type, data: data as Record<string, unknown>, metadata: meta }], {
          expectedStreamVersion: STREAM_DOES_NOT_EXIST,
        });
      }),
  },
  () => store.close(),
);
