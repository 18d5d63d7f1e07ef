// The least that a durable PlaceOrder can be: the body is parsed, an event as long as an order's is inserted together with what else
// waits, and the answer comes after the commit. Nothing is checked, decided, sealed, read or numbered across processes.
import { randomUUIDv7 } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import pg from 'pg';
import { gather } from '../../src/platform/gather.ts';
import { placedOrder } from '../history.ts';
import { answerQuestions, partOptions } from '../part.ts';
import { creatingRaw, insertingRaw, type RawEvent } from '../raw-events.ts';

/** `first`: the position before this process's first row; processes need not agree on them. */
const { url, first } = await partOptions<{ readonly url: string; readonly first: number }>();
const pool = new pg.Pool({ connectionString: url, max: 2 });
await pool.query(creatingRaw);
let position = first;

const insert = gather<RawEvent, void>(
  async (events) => {
    const after = position;
    position += events.length;
    await pool.query(insertingRaw(after, events));
    return events.map(() => {});
  },
  { maxBatch: 500, inFlight: 2 },
);

const http = fastify();
http.post<{ Body: { readonly lines: readonly unknown[]; readonly customer: { readonly customer_id: string } } }>(
  '/v1/orders',
  {
    schema: {
      response: {
        201: { type: 'object', properties: { order_id: { type: 'string' }, revision: { type: 'string' }, consistency_token: { type: 'string' } } },
      },
    },
  },
  async ({ body }, reply) => {
    const orderId = randomUUIDv7();
    const data = JSON.stringify({ ...placedOrder, customerId: body.customer.customer_id, lines: placedOrder.lines.slice(0, body.lines.length) });
    const meta = JSON.stringify({
      commandId: randomUUIDv7(),
      commandHash: 'uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek',
      correlationId: orderId,
      actor: 'user:benchmark',
    });
    await insert({ id: randomUUIDv7(), stream: `order-${orderId}`, type: 'OrderPlaced', data, meta });
    return reply.code(201).send({ order_id: orderId, revision: '0', consistency_token: 'x'.repeat(80) });
  },
);
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;
answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await pool.end();
});
