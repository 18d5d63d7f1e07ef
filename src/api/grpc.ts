import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { HealthImplementation } from 'grpc-health-check';
import { refused } from '../platform/call.ts';
import type { Contract } from './descriptors.ts';
import { deprecationHeaders } from './deprecation.ts';
import { correlationIdOf, type Dispatcher } from './dispatch.ts';
import { grpcError, type Failure } from './errors.ts';
import { guard } from './grpc-guard.ts';
import type { Ready, ReadyMethod, ReadyStream } from './methods.ts';
import { writeStream } from './streams.ts';
import type { Transport } from './transport.ts';

/** A gRPC server that listens. */
export type GrpcServer = {
  readonly port: number;
  /** What health checks answer, for the server as a whole and each service. */
  readonly setHealth: (isServing: boolean) => void;
  /** Lets running calls end for `graceMs`, then cuts the rest off. */
  readonly close: (graceMs: number) => Promise<void>;
};

/** Larger messages are refused as RESOURCE_EXHAUSTED by grpc-js, before anything is decoded; compressed ones by what they hold. */
const maxMessageBytes = 1024 * 1024;
/** Larger answers are refused: clients take no larger ones unless they are told to. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * A connection gets no new calls after this long (±10 %) and its client opens another: so that new processes get their share of callers
 * that balance by connection.
 */
const connectionAgeMs = 600_000;
/** What runs on an old connection may go on so long: longer than any call may take, the watching of an order among them. */
const connectionAgeGraceMs = 1_860_000;
/** Connections without calls are closed after this long. */
const connectionIdleMs = 900_000;

/** Serves the methods over gRPC, with health checks per service and, where asked for, reflection. Rejects when the port is taken. */
export const startGrpc = async (options: {
  readonly host: string;
  readonly port: number;
  readonly methods: readonly (ReadyMethod | ReadyStream)[];
  readonly dispatcher: Dispatcher;
  /** Given: the contract that reflection tells. */
  readonly reflect: Contract | undefined;
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long connections are used; ten minutes when left out. */
  readonly connectionAgeMs?: number | undefined;
}): Promise<GrpcServer> => {
  const { methods, dispatcher } = options;
  const server = new Server({
    interceptors: [guard(options.requestTimeoutMs)],
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxAnswerBytes,
    // Clients may ping as often as they like, also without calls: grpc-js answers and enforces nothing.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.max_connection_age_ms': options.connectionAgeMs ?? connectionAgeMs,
    'grpc.max_connection_age_grace_ms': connectionAgeGraceMs,
    'grpc.max_connection_idle_ms': connectionIdleMs,
    'grpc.max_concurrent_streams': 1_000,
    'grpc.enable_channelz': 0,
  });
  for (const method of methods) {
    if ('open' in method) server.register<Buffer, Buffer>(`/${method.name}`, streamHandler(method, dispatcher), asIs, asIs, 'serverStream');
    else server.register<Buffer, Buffer>(`/${method.name}`, handler(method, dispatcher), asIs, asIs, 'unary');
  }
  const services = ['', ...new Set(methods.map(({ description }) => description.service))];
  const health = new HealthImplementation(Object.fromEntries(services.map((service) => [service, 'SERVING'])));
  health.addToServer(server);
  if (options.reflect) new ReflectionService(packageOf(options.reflect)).addToServer(server);
  const port = await bind(server, options.host, options.port);

  let told = true;
  return {
    port,
    setHealth(isServing) {
      // Everybody who watches is told, so only what is new is said.
      if (isServing !== told) for (const service of services) health.setStatus(service, isServing ? 'SERVING' : 'NOT_SERVING');
      told = isServing;
    },
    close: (graceMs) =>
      new Promise((resolve) => {
        // In this order: what tryShutdown has closed already, drain would never cut off.
        server.drain(address(options.host, port), graceMs);
        server.tryShutdown(() => resolve());
      }),
  };
};

type Arrival = { readonly call: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>; readonly method: Ready };

const handler = (method: ReadyMethod, dispatcher: Dispatcher) => {
  const deprecation = Object.entries(deprecationHeaders(method.description.deprecation));
  return async (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> => {
    const correlationId = correlationIdOf(firstOf(call.metadata, 'x-correlation-id'));
    const answer = await dispatcher.dispatch(method, transport, { call, method }, correlationId);
    const metadata = new Metadata();
    metadata.set('x-correlation-id', correlationId);
    for (const [name, value] of deprecation) metadata.set(name, value);
    call.sendMetadata(metadata);
    switch (answer.kind) {
      case 'answered':
        return answer.body.length > maxAnswerBytes ? callback(grpcError(answerTooLarge)) : callback(null, answer.body);
      case 'refused':
      case 'failed':
        return callback(grpcError(answer));
    }
  };
};

const answerTooLarge = refused(
  'too_large',
  'ANSWER_TOO_LARGE',
  `The answer is larger than ${maxAnswerBytes} bytes: ask for less at once, with a smaller page_size.`,
);

const streamHandler = (method: ReadyStream, dispatcher: Dispatcher) => {
  const deprecation = Object.entries(deprecationHeaders(method.description.deprecation));
  return async (call: ServerWritableStream<Buffer, Buffer>): Promise<void> => {
    const correlationId = correlationIdOf(firstOf(call.metadata, 'x-correlation-id'));
    const opening = await dispatcher.open(method, transport, { call, method }, correlationId);
    const metadata = new Metadata();
    metadata.set('x-correlation-id', correlationId);
    for (const [name, value] of deprecation) metadata.set(name, value);
    call.sendMetadata(metadata);
    let failure: Failure | undefined;
    if (opening.kind !== 'opened') failure = opening;
    else if (opening.stream) failure = await writeStream(opening.stream, (body, taken) => call.write(body, taken));
    if (call.cancelled) return;
    if (failure) call.emit('error', grpcError(failure));
    else call.end();
  };
};

/** Bytes go in and come out: decoding is ours, so that a failure there is the caller's INVALID_ARGUMENT and not an INTERNAL of grpc-js. */
const asIs = (bytes: Buffer): Buffer => bytes;

const firstOf = (metadata: Metadata, name: string): string | undefined => {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
};

const transport: Transport<Arrival, Buffer> = {
  name: 'grpc',
  header: ({ call }, name) => firstOf(call.metadata, name),
  budgetMs: ({ call }) => Number(call.getDeadline()) - Date.now(),
  decode({ call, method }) {
    try {
      return { kind: 'decoded', message: method.decode(call.request) };
    } catch {
      return refused('invalid', 'INVALID_PROTOBUF', `The bytes are no ${method.description.input.typeName}.`);
    }
  },
  encode: ({ method }, message) => method.encode(message),
  onGone({ call }, listener) {
    if (call.cancelled) listener();
    else call.once('cancelled', listener);
  },
};

const bind = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address(host, port), ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });

const address = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Reflection asks for a package as @grpc/proto-loader makes it, and reads of it only the files. Comments stay out: ours have no line numbers, which clients refuse. */
const packageOf = (contract: Contract): ConstructorParameters<typeof ReflectionService>[0] => {
  const files = contract.files.map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, { ...proto, sourceCodeInfo: undefined })),
  );
  return { contract: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos: files.map((file) => Buffer.from(file)) } };
};
