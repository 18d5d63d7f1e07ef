// What one would write without a platform: fastify and pg, a document by its key. No token, no cut to the caller, nothing to open.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import pg from 'pg';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const pool = new pg.Pool({ connectionString: url, max: 10 });

const http = fastify();
http.get<{ Params: { readonly order_id: string } }>('/v1/orders/:order_id', async (request, reply) => {
  const { rows } = await pool.query<{ document: object }>({
    name: 'document',
    text: 'select document from bench_documents where order_id = $1',
    values: [request.params.order_id],
  });
  return rows[0] ? rows[0].document : reply.code(404).send({ status: 'not found' });
});
await http.listen({ host: '127.0.0.1', port: 0 });
const { port } = http.server.address() as AddressInfo;

answerQuestions({ address: () => ({ host: '127.0.0.1', port }) }, async () => {
  await http.close();
  await pool.end();
});
