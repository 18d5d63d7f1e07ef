// The least that reading a document by its key from PostgreSQL through fastify can be: reads that come together are one statement, and
// the text goes out as it came. No token, no cut to the caller, nothing to open, nothing is parsed.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { gather } from '../../src/platform/gather.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const pool = openPool({ url, name: 'bench', max: 2, logger: silent });

const read = gather<string, string | undefined>(
  async (ids) => {
    const { rows } = await pool.query<[orderId: string, document: string]>({
      name: 'documents',
      text: 'select order_id, document::text from bench_documents where order_id = any($1)',
      values: [ids],
      rowMode: 'array',
    } as never);
    const found = new Map(rows);
    return ids.map((id) => found.get(id));
  },
  { maxBatch: 500, inFlight: 2 },
);

const http = fastify();
http.get<{ Params: { readonly order_id: string } }>('/v1/orders/:order_id', async (request, reply) => {
  const document = await read(request.params.order_id);
  return document === undefined
    ? reply.code(404).send({ status: 'not found' })
    : reply.header('content-type', 'application/json; charset=utf-8').send(document);
});
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;

answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await pool.end();
});
