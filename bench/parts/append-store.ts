// Appends single events to new streams of our event store, and follows it.
import { openStore } from '../../src/cli/open-store.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { pause } from '../../src/platform/retry.ts';
import { benchEvent, newStream } from '../events.ts';
import { quantile, saturate } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const store = openStore(url, { name: 'bench', logger: silent, metrics: createMetrics('bench') });

const append = async (): Promise<string> => {
  const event = benchEvent();
  const result = await store.append(newStream(), [event], 'none');
  if (result.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(result)}`);
  return event.id;
};

/** How fast the whole log comes in. */
const catchUp = async (): Promise<{ rate: number; events: number }> => {
  const head = await store.head();
  const stop = new AbortController();
  const begun = performance.now();
  let events = 0;
  for await (const batch of store.subscribe({ after: store.start, signal: stop.signal })) {
    events += batch.events.length;
    if (batch.progress.position >= head) break;
  }
  return { rate: events / ((performance.now() - begun) / 1_000), events };
};

/** How long after its append was asked for an event reaches a follower, at a steady rate. */
const lag = async ({ perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number }): Promise<Record<string, number>> => {
  const stop = new AbortController();
  const seen = new Map<string, number>();
  const following = note(store, seen, stop.signal);
  const sent = new Map<string, number>();
  const under = new Set<Promise<void>>();
  const begun = performance.now();
  for (let nth = 0; performance.now() - begun < durationMs; nth += 1) {
    const waitMs = begun + (nth * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await pause(waitMs);
    const at = performance.now();
    const one = append().then((id) => void sent.set(id, at));
    under.add(one);
    void one.finally(() => under.delete(one));
  }
  await Promise.all(under);
  while ([...sent.keys()].some((id) => !seen.has(id))) await pause(5);
  stop.abort();
  await following;
  const times = [...sent].map(([id, at]) => seen.get(id)! - at);
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
};

const note = async ({ subscribe, head }: EventStore, seen: Map<string, number>, signal: AbortSignal): Promise<void> => {
  for await (const { events } of subscribe({ after: await head(), signal })) for (const { id } of events) seen.set(id, performance.now());
};

answerQuestions(
  {
    round: ({ concurrency, durationMs }: { readonly concurrency: number; readonly durationMs: number }) =>
      saturate(concurrency, durationMs, async () => void (await append())),
    catchUp,
    lag,
  },
  store.close,
);
