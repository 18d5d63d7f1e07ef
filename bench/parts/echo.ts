// The least that a server of these messages can do: decode the request, answer with as many bytes as the platform would. No more.
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import fastify from 'fastify';
import { OrderServiceService } from '../../src/contract/generated/orders/v1/orders.ts';
import { answerQuestions, partOptions } from '../part.ts';

await partOptions();
const answer = { orderId: randomUUID(), revision: 0n, consistencyToken: 'x'.repeat(76) };

const http = fastify();
http.post(
  '/v1/orders',
  {
    schema: {
      response: {
        201: { type: 'object', properties: { order_id: { type: 'string' }, revision: { type: 'string' }, consistency_token: { type: 'string' } } },
      },
    },
  },
  (_request, reply) => reply.code(201).send({ order_id: answer.orderId, revision: '0', consistency_token: answer.consistencyToken }),
);
await http.listen({ host: '127.0.0.1', port: 0 });
const { port: httpPort } = http.server.address() as AddressInfo;

const grpc = new Server({ 'grpc.enable_channelz': 0 });
const { placeOrder } = OrderServiceService;
grpc.addService({ placeOrder }, { placeOrder: (_call: unknown, callback: (error: null, value: typeof answer) => void) => callback(null, answer) });
const grpcPort = await new Promise<number>((resolve, reject) => {
  grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
});

answerQuestions({
  addresses: () => ({ rest: { host: '127.0.0.1', port: httpPort }, grpc: { host: '127.0.0.1', port: grpcPort } }),
});
