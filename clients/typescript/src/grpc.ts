import { Client as Channel, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { createClient, type Client, type ClientOptions } from './client.ts';
import { grpcFailure } from './grpc-failure.ts';
import type { Message, Method } from './method.ts';
import type { Attempt, Reply, Transport } from './transport.ts';

/** A client of the gRPC API, for Node. Connects when it is first used, and again whenever it has to. */
export const grpcClient = (
  options: ClientOptions & {
    /** `host:port`. */
    readonly address: string;
    /** Without TLS: on this machine, or where a proxy beside us adds it. */
    readonly plaintext?: boolean;
  },
): Client => createClient(grpcTransport(options.address, options.plaintext ?? false), options);

const channelOptions = {
  // A platform that comes back is found again within two seconds.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A connection whose other end is gone without a word is noticed, also while nothing but watches use it.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Where the name has several addresses, each gets its share.
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // A page of 200 large orders.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
};

const grpcTransport = (address: string, plaintext: boolean): Transport => {
  const channel = new Channel(address, plaintext ? credentials.createInsecure() : credentials.createSsl(), channelOptions);
  return {
    send: (method, request, attempt) => send(channel, method, request, attempt),
    follow: (method, request, attempt) => follow(channel, method, request, attempt),
    close: () => channel.close(),
  };
};

const send = (channel: Channel, method: Method, request: Message, { headers, timeoutMs, signal }: Attempt): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const deadline = timeoutMs === undefined ? Infinity : Date.now() + timeoutMs;
    let correlationId: string | undefined;
    const cancel = (): void => call.cancel();
    const done = (error: ServiceError | null, message?: object): void => {
      signal?.removeEventListener('abort', cancel);
      if (!error) resolve({ kind: 'answered', message: message as Message });
      else if (signal?.aborted) reject(signal.reason as Error);
      else resolve(grpcFailure(error, correlationId));
    };
    const call = channel.makeUnaryRequest(`/${method.name}`, encoder(method), decoder(method), request, metadataOf(headers), { deadline }, done);
    call.on('metadata', (answered) => (correlationId = correlationIdIn(answered)));
    signal?.addEventListener('abort', cancel, { once: true });
  });

async function* follow(channel: Channel, method: Method, request: Message, { headers, signal }: Attempt): AsyncGenerator<Reply, void, undefined> {
  signal?.throwIfAborted();
  const call = channel.makeServerStreamRequest(`/${method.name}`, encoder(method), decoder(method), request, metadataOf(headers), {});
  let correlationId: string | undefined;
  call.on('metadata', (answered: Metadata) => (correlationId = correlationIdIn(answered)));
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) yield { kind: 'answered', message: message as Message };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    yield grpcFailure(error as ServiceError, correlationId);
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}

const encoder =
  ({ request }: Method) =>
  (message: Message): Buffer => {
    const bytes = request.encode(message as never).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };

const decoder =
  ({ response }: Method) =>
  (bytes: Buffer): object =>
    response.decode(bytes);

const correlationIdIn = (metadata: Metadata): string | undefined => metadata.get('x-correlation-id')[0]?.toString();

const metadataOf = (headers: Readonly<Record<string, string>>): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
};
