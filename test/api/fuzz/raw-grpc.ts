import { connect, constants, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { BadRequest, ErrorInfo, RetryInfo } from '../../../src/contract/generated/google/rpc/error_details.ts';
import { Status } from '../../../src/contract/generated/google/rpc/status.ts';

/** What came back over HTTP/2, taken apart as https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md says. */
export type GrpcAnswer = {
  readonly httpStatus: number;
  /** Undefined where there was none: the stream was reset, or this is no gRPC answer. */
  readonly status: number | undefined;
  readonly messages: readonly Buffer[];
  /** A stream that began, and had nothing to say yet when it was left. */
  readonly isOpen: boolean;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly mayRetry: boolean;
  /** Everything that was said, for looking for what must not be said. */
  readonly text: string;
};

/** A request of which every byte is the caller's choice. */
export type GrpcRequest = { readonly path: string; readonly headers: OutgoingHttpHeaders; readonly body: Buffer; readonly streams: boolean };

export type RawGrpc = { readonly send: (request: GrpcRequest) => Promise<GrpcAnswer>; readonly close: () => void };

/** A message in its frame. */
export const framed = (bytes: Uint8Array, flags = 0, length = bytes.length): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
};

/** An answer that takes longer than this is none. */
export const patienceMs = 60_000;

/** A gRPC client without a will of its own. Of streams it takes the first message and goes; after a second it goes without. */
export const rawGrpc = (address: string): RawGrpc => {
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connect(`http://${address}`);
    session.on('error', () => undefined);
    return session;
  };
  const send = ({ path, headers, body, streams }: GrpcRequest): Promise<GrpcAnswer> =>
    new Promise((resolve) => {
      const said: string[] = [];
      const chunks: Buffer[] = [];
      let httpStatus = 0;
      let trailers: Readonly<Record<string, unknown>> = {};
      let isOpen = false;
      const done = (): void => resolve({ ...answerOf(httpStatus, trailers, Buffer.concat(chunks), said.join('\n')), isOpen });
      const note = (received: object): void => {
        trailers = { ...trailers, ...received };
        said.push(...Object.entries(received).map(([name, value]) => `${name}: ${value}`));
      };
      const stream = open().request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
      stream.on('response', (received) => {
        httpStatus = Number(received[':status']);
        note(received);
        // A refusal follows its headers at once.
        const leave = (): void => {
          isOpen = true;
          stream.close(constants.NGHTTP2_CANCEL);
        };
        if (streams) stream.once('close', clearTimeout.bind(undefined, setTimeout(leave, 1_000)));
      });
      stream.on('trailers', note);
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (streams) stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.on('error', (error) => said.push(`error: ${error.message}`));
      stream.on('close', done);
      stream.setTimeout(patienceMs, () => stream.destroy(new Error('no answer')));
      stream.end(body);
    });
  return {
    async send(request) {
      const answer = await send(request);
      // A connection that grew old takes no more calls; what it refused so was never looked at.
      return answer.text.includes('NGHTTP2_REFUSED_STREAM') ? send(request) : answer;
    },
    close: () => session?.destroy(),
  };
};

const answerOf = (httpStatus: number, trailers: Readonly<Record<string, unknown>>, body: Buffer, said: string): Omit<GrpcAnswer, 'isOpen'> => {
  const details = trailers['grpc-status-details-bin'];
  const { details: anys } = typeof details === 'string' ? Status.decode(Buffer.from(details, 'base64')) : { details: [] };
  const find = <Message>(name: string, codec: { decode(bytes: Uint8Array): Message }): Message | undefined => {
    const any = anys.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
    return any && codec.decode(any.value);
  };
  const badRequest = find('BadRequest', BadRequest);
  return {
    httpStatus,
    status: trailers['grpc-status'] === undefined ? undefined : Number(trailers['grpc-status']),
    messages: messagesIn(body),
    reason: find('ErrorInfo', ErrorInfo)?.reason ?? '',
    fields: badRequest?.fieldViolations.map(({ field }) => field) ?? [],
    mayRetry: find('RetryInfo', RetryInfo) !== undefined,
    text: `${said}\n${decodeURIComponent((trailers['grpc-message'] as string | undefined) ?? '')}\n${anys.map(({ value }) => Buffer.from(value).toString('latin1')).join('\n')}`,
  };
};

const messagesIn = (body: Buffer): readonly Buffer[] => {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
};
