// The least that a durable PlaceOrder can be: the body is parsed, an event as long as an order's is inserted together with what else
// waits, and the answer comes after the commit. Nothing is checked, decided, sealed, read or numbered across processes.
import { randomUUIDv7 } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import pg from 'pg';
import { placedOrder } from '../history.ts';
import { answerQuestions, partOptions } from '../part.ts';

/** `first`: the position before this process's first row; processes need not agree on them. */
const { url, first } = await partOptions<{ readonly url: string; readonly first: number }>();
const clients = await Promise.all(
  [1, 2].map(async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }),
);
await clients[0]!.query('create table if not exists raw_events (like log.events including all)');
let position = first;

const text = `
  insert into raw_events (position, revision, schema_version, bytes, recorded_at, id, stream, type, data, meta)
  select $1::bigint + e.nth, 0, 1, octet_length(e.data) + octet_length(e.meta), clock_timestamp(), e.id, e.stream, 'OrderPlaced', e.data::json, e.meta::json
    from unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ','), string_to_array($4, e'\\n'), string_to_array($5, e'\\n'))
         with ordinality e (id, stream, data, meta, nth)`;

type Waiting = {
  readonly stream: string;
  readonly data: string;
  readonly meta: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};
let waiting: Waiting[] = [];
const send = (): void => {
  if (waiting.length === 0) return;
  const client = clients.pop();
  if (!client) return;
  const batch = waiting;
  waiting = [];
  const from = position;
  position += batch.length;
  client
    .query({
      name: 'raw',
      text,
      values: [
        from,
        batch.map(() => randomUUIDv7()).join(','),
        batch.map(({ stream }) => stream).join(','),
        batch.map(({ data }) => data).join('\n'),
        batch.map(({ meta }) => meta).join('\n'),
      ],
    })
    .then(
      () => batch.forEach(({ resolve }) => resolve()),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    )
    .finally(() => {
      clients.push(client);
      send();
    });
};

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
    await new Promise<void>((resolve, reject) => {
      waiting.push({ stream: `order-${orderId}`, data, meta, resolve, reject });
      if (waiting.length === 1) setImmediate(send);
    });
    return reply.code(201).send({ order_id: orderId, revision: '0', consistency_token: 'x'.repeat(80) });
  },
);
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;
answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await Promise.all(clients.map((client) => client.end()));
});
