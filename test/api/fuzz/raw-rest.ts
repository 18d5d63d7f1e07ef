import { Agent, request as open, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { patienceMs } from './raw-grpc.ts';

/** What came back over HTTP. Status 0: the connection was closed without an answer. */
export type RestAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly code: string;
  readonly fields: readonly string[];
  readonly json: unknown;
  /** Everything that was said, for looking for what must not be said. */
  readonly text: string;
};

/** A request of which every byte but the framing is the caller's choice. */
export type RestRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | undefined;
  /** The answer is a stream of events, which is left as soon as it begins. */
  readonly streams: boolean;
};

export type RawRest = { readonly send: (request: RestRequest) => Promise<RestAnswer>; readonly close: () => void };

/** An HTTP client that corrects nothing. */
export const rawRest = (httpUrl: string): RawRest => {
  const { hostname, port } = new URL(httpUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const send = ({ method, path, headers, body, streams }: RestRequest): Promise<RestAnswer> =>
    new Promise((resolve) => {
      const failed = (error: Error): void => resolve({ status: 0, headers: {}, code: '', fields: [], json: undefined, text: error.message });
      const sent = open({ hostname, port, method, path, headers: given(headers), agent }, (response) => {
        const chunks: Buffer[] = [];
        const done = (): void => resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString('utf8')));
        if (streams && response.statusCode === 200) {
          done();
          response.destroy();
          return;
        }
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', done);
        response.on('error', failed);
      });
      sent.setTimeout(patienceMs, () => sent.destroy(new Error('no answer')));
      sent.on('error', failed);
      sent.end(body);
    });
  return { send, close: () => agent.destroy() };
};

/** A header that is undefined is left out. */
const given = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));

const answerOf = (status: number, headers: IncomingHttpHeaders, body: string): RestAnswer => {
  const json: unknown = headers['content-type']?.includes('json') && body !== '' ? JSON.parse(body) : undefined;
  const { code = '', fields = [] } = (json ?? {}) as { readonly code?: string; readonly fields?: readonly { readonly field: string }[] };
  const isProblem = status >= 400;
  return {
    status,
    headers,
    code: isProblem ? code : '',
    fields: isProblem ? fields.map(({ field }) => field) : [],
    json,
    text: `${JSON.stringify(headers)}\n${body}`,
  };
};
