// Appends to new streams and catches up with nothing but EventStoreDB's own client.
import { BACKWARDS, END, EventStoreDBClient, excludeSystemEvents, jsonEvent, NO_STREAM, START } from '@eventstore/db-client';
import { benchEvent, newStream } from '../events.ts';
import { saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const client = EventStoreDBClient.connectionString(url);

answerQuestions(
  {
    round: ({ concurrency, durationMs }: { readonly concurrency: number; readonly durationMs: number }) =>
      saturate(concurrency, durationMs, async () => {
        const { id, type, schemaVersion, data, meta } = benchEvent();
        const { success } = await client.appendToStream(
          newStream(),
          jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: { schemaVersion, ...meta } }),
          { expectedRevision: NO_STREAM },
        );
        if (!success) throw new Error('not appended');
      }),

    catchUp: async () => {
      let last: bigint | undefined;
      for await (const { event } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1_000 }))
        if (event && !event.type.startsWith('$')) last ??= event.position.commit;
      if (last === undefined) throw new Error('there is nothing to catch up with');
      const begun = performance.now();
      const subscription = client.subscribeToAll({ fromPosition: START, filter: excludeSystemEvents() });
      let events = 0;
      for await (const { event } of subscription) {
        events += 1;
        if (event!.position.commit >= last) break;
      }
      const seconds = (performance.now() - begun) / 1_000;
      await subscription.unsubscribe();
      return { rate: events / seconds, events };
    },
  },
  () => client.dispose(),
);
