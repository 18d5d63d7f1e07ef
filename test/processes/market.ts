import { randomUUID } from 'node:crypto';
import { catalogue } from '../../src/domain/catalogue.ts';
import { orderStream } from '../../src/domain/ids.ts';
import { processes } from '../../src/domain/processes/processes.ts';
import { sandbox } from '../../src/domain/processes/sandbox.ts';
import { standardTerms } from '../../src/domain/terms.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { AnyProcess } from '../../src/processes/any-process.ts';
import { commissioner } from '../../src/processes/commission.ts';
import { runDeadlines } from '../../src/processes/run-deadlines.ts';
import { runProcesses } from '../../src/processes/run.ts';
import { deadlines } from '../../src/projections/deadlines.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { prepareReadModels } from '../../src/projections/versions.ts';
import { runProjections } from '../../src/projections/run.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess } from '../support/command-process.ts';
import { placeOrderRequest } from '../support/requests.ts';
import { openStand, until, type Stand } from '../support/stand.ts';

/** A platform within this process, whose days pass when a test says so: commands, processes with the sandbox, deadlines. */
export const openMarket = async () => {
  const stand: Stand = await openStand();
  let now = new Date('2026-11-23T12:00:00.000Z');
  const api = openCommandProcess(stand.database, { now: () => now });
  const runs: readonly AnyProcess[] = [...processes, sandbox];
  const commission = commissioner({ execute: api.execute, terms: standardTerms });
  const decode = decoder(catalogue);
  const stop = new AbortController();
  await prepareReadModels(stand.pool, [deadlines]);
  const shared = { store: stand.store, pool: stand.pool, holder: randomUUID(), logger: silent, signal: AbortSignal.any([stop.signal, stand.signal]) };
  const running = [
    runProcesses({
      ...shared,
      processes: runs,
      decode,
      send: (name) => (command, signal) => commission({ ...command, actor: `process:${name}` }, signal),
      metrics: createMetrics('processes'),
    }),
    runProjections({ ...shared, projections: [deadlines], decode, metrics: createMetrics('projector') }),
    runDeadlines({
      ...shared,
      commission,
      clock: { now: () => now, database: async () => now },
      limits: { pollMs: 5 },
      metrics: createMetrics('deadlines'),
    }),
  ];

  /** Waits until nothing happens any more at this time: everything is read, answered and served. */
  const quiet = (): Promise<void> =>
    until('nothing happens any more', async () => {
      const before = await stand.store.head();
      const { rows } = await stand.pool.query<{ busy: number }>(
        `select (select count(*) from unnest($1::text[]) s (name) left join subscriptions.checkpoints c using (name) where c.position is null or c.position < $2)
              + (select count(*) from processes.outgoing)
              + (select count(*) from read_models.deadlines d where due_at <= $3
                    and not exists (select from processes.served_deadlines s
                                     where s.stream = d.stream and s.kind = d.kind and s.subject = d.subject and s.event_id = d.event_id)) as busy`,
        [[...runs.map(({ name }) => name), subscriptionOf(deadlines)], before, now],
      );
      return rows[0]!.busy === 0 && (await stand.store.head()) === before;
    });

  const eventsOf = async (orderId: string): Promise<readonly Recorded[]> => api.eventsOf(orderStream(orderId));
  return {
    api,
    stand,
    quiet,
    eventsOf,
    typesOf: async (orderId: string): Promise<readonly string[]> => (await eventsOf(orderId)).map(({ type }) => type),
    /** Everything of a kind of stream that goes back to an order. */
    async paymentOf(orderId: string): Promise<readonly Recorded[]> {
      const { rows } = await stand.pool.query<{ stream: string }>(
        `select stream from log.events where type = 'PaymentRequested' and data ->> 'orderId' = $1`,
        [orderId],
      );
      return rows[0] ? api.eventsOf(rows[0].stream) : [];
    },
    /** Lets days pass, and waits until all that comes with them has happened. */
    async pass(days: number): Promise<void> {
      await quiet();
      now = new Date(now.getTime() + days * 24 * 3_600_000);
      await quiet();
    },
    offer: () => offerOf(api, { quantity: 10 }),
    async place(offerIds: readonly string[], change: Parameters<typeof placeOrderRequest>[1] = {}) {
      const { orderId } = answerOf(await api.placeOrder(placeOrderRequest(offerIds, change), callAs('checkout')));
      await quiet();
      const [{ data } = { data: undefined }] = await eventsOf(orderId);
      return { orderId, lineIds: (data as { lines: { lineId: string }[] }).lines.map(({ lineId }) => lineId) };
    },
    async close() {
      stop.abort();
      await Promise.all(running.map(({ done }) => done));
      await api.close();
      await stand.close();
    },
  };
};
