import { randomUUIDv7 } from 'node:crypto';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refused } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { compressAnswer } from './compression.ts';
import { isSettledByRevision, namesTag } from './conditional.ts';
import { corsFor } from './cors.ts';
import { deprecationHeaders } from './deprecation.ts';
import { correlationIdOf, type Answer, type Dispatcher } from './dispatch.ts';
import { problem, type Failure } from './errors.ts';
import { sendEvents } from './event-stream.ts';
import type { HttpRoute } from './http-rule.ts';
import type { Ready, ReadyMethod, ReadyStream } from './methods.ts';
import { rateLimitHeaders } from './rate-limits.ts';
import { jsonReader, type Message } from './read-json.ts';
import { requestReader, type ReadRequest } from './rest-request.ts';
import type { Transport } from './transport.ts';
import { answerUnreadable } from './unreadable-requests.ts';
import { jsonWriter, type WriteJson } from './write-json.ts';

/** Larger bodies are refused. */
const maxBodyBytes = 1024 * 1024;

/**
 * An HTTP server with a route for each `google.api.http` rule of the methods, /healthz and /readyz; not yet listening.
 * `ready` says what is missing for the process to serve; nothing: it is ready.
 */
export const createRest = (options: {
  readonly methods: readonly (ReadyMethod | ReadyStream)[];
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  readonly ready: () => Promise<readonly string[]>;
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** The one other origin whose pages may call. */
  readonly consoleOrigin: string | undefined;
}): FastifyInstance => {
  const { methods, dispatcher, logger, consoleOrigin } = options;
  const server = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: options.requestTimeoutMs,
    // Node takes the longer of its two timeouts for the whole request, so its default for headers would stand for bodies.
    http: {
      headersTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: options.requestTimeoutMs / 3,
      // Requests without a body make no stream of nothing.
      optimizeEmptyRequests: true,
    },
    keepAliveTimeout: 75_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => void refuse(reply, failureOfServer(error, logger)),
  });
  // Bodies stay bytes until the caller is known to be allowed in.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    // Fastify would close on a client that still sends, which then sees a reset instead of the 413; what it sends is read and dropped.
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') reply.removeHeader('connection');
    return refuse(reply, failureOfServer(error, logger));
  });

  if (consoleOrigin !== undefined) server.addHook('onRequest', corsFor(consoleOrigin));
  server.addHook('onSend', compressAnswer);

  const readerOf = jsonReader();
  const writerOf = jsonWriter();
  const routes = methods.flatMap((method) => method.description.routes.map((route) => ({ method, route })));
  for (const { method, route } of routes) {
    const plan = {
      route,
      read: requestReader(method, route, readerOf(method.description.input)),
      write: writerOf(method.description.output),
      isConditional: route.verb === 'GET' && isSettledByRevision(method.description.output),
      deprecation: deprecationHeaders(method.description.deprecation),
      dispatcher,
    };
    server.route({
      method: route.verb,
      url: route.pattern,
      exposeHeadRoute: !('open' in method),
      handler: 'open' in method ? serveStream({ ...plan, method }) : serve({ ...plan, method }),
    });
  }

  server.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const problems = dispatcher.isDraining() ? ['draining'] : await options.ready();
    return reply
      .code(problems.length > 0 ? 503 : 200)
      .header('cache-control', 'no-store')
      .send({ status: problems.length > 0 ? 'not ready' : 'ready', problems });
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/s, '');
    const allowed = new Set(
      routes
        .filter(({ route }) => route.matches.test(path))
        .flatMap(({ method, route: { verb } }) => (verb === 'GET' && !('open' in method) ? ['GET', 'HEAD'] : [verb])),
    );
    // Where the path takes this very method, something in the path is what no route takes: an id with a colon or a slash in it.
    if (allowed.size === 0 || allowed.has(request.method)) return refuse(reply, pathUnknown);
    const allow = [...allowed, 'OPTIONS'].join(', ');
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
    return refuse(reply.header('allow', allow), refused('method_unknown', 'METHOD_NOT_ALLOWED', `This path takes ${allow}.`), 405);
  });
  return server;
};

/** What is known about a route before its first request. */
type Plan<Method extends Ready> = {
  readonly method: Method;
  readonly route: HttpRoute;
  readonly read: ReadRequest;
  readonly write: WriteJson;
  /** Whether 304 may be answered to If-None-Match. */
  readonly isConditional: boolean;
  /** The headers of every answer of a method that goes away. */
  readonly deprecation: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
};

type Arrival = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly plan: Plan<Ready> };

const serve =
  (plan: Plan<ReadyMethod>) =>
  (request: FastifyRequest, reply: FastifyReply): void => {
    const correlationId = correlationIdOf(request.raw.headers['x-correlation-id'] as string | undefined);
    plan.dispatcher
      .dispatch(plan.method, transport, { request, reply, plan }, correlationId)
      .then((answer) => {
        reply.header('x-correlation-id', correlationId).headers(plan.deprecation);
        respond(plan, request, reply, answer);
      })
      .catch((error: unknown) => reply.send(error));
  };

const respond = (plan: Plan<ReadyMethod>, request: FastifyRequest, reply: FastifyReply, answer: Answer<string>): void => {
  switch (answer.kind) {
    case 'answered':
      send(plan, request, reply, answer.message, answer.body);
      return;
    case 'refused':
    case 'failed':
      if (plan.dispatcher.isDraining()) reply.header('connection', 'close');
      refuse(reply, answer);
  }
};

const serveStream =
  (plan: Plan<ReadyStream>) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const correlationId = correlationIdOf(request.raw.headers['x-correlation-id'] as string | undefined);
    const opening = await plan.dispatcher.open(plan.method, transport, { request, reply, plan }, correlationId);
    reply.header('x-correlation-id', correlationId).header('cache-control', 'no-store').headers(plan.deprecation);
    switch (opening.kind) {
      case 'opened':
        if (opening.stream) return sendEvents(opening.stream, reply);
        // Browsers come back to an event stream that ends, except after this (HTML, "server-sent events").
        return reply.code(204).send();
      case 'refused':
      case 'failed':
        if (plan.dispatcher.isDraining()) reply.header('connection', 'close');
        return refuse(reply, opening);
    }
  };

const send = (
  { method, isConditional }: Plan<ReadyMethod>,
  request: FastifyRequest,
  reply: FastifyReply,
  message: Message,
  body: string,
): FastifyReply => {
  const { creates } = method.description;
  if (creates) reply.code(201).header('location', `${request.url.replace(/\?.*$/s, '')}/${String(message[creates.localName])}`);
  if (method.hasRevision) {
    const tag = String(message['revision']);
    reply.header('etag', `"${tag}"`);
    const known = request.raw.headers['if-none-match'];
    if (isConditional && known !== undefined && message['stale'] !== true && namesTag(known, tag))
      return reply.code(304).header('cache-control', 'no-store').send();
  }
  return reply.header('cache-control', 'no-store').header('content-type', 'application/json').send(body);
};

const refuse = (reply: FastifyReply, failure: Failure, httpStatus?: number): FastifyReply => {
  const { status, headers, body } = problem(failure, httpStatus);
  return reply.code(status).headers(headers).send(body);
};

const transport: Transport<Arrival, string> = {
  name: 'rest',
  header: ({ request }, name) => request.raw.headers[name] as string | undefined,
  budgetMs: () => Infinity,
  decode: ({ request, plan }, violations) => plan.read(request, violations),
  encode: ({ plan }, message) => plan.write(message as never),
  tellQuota({ reply }, quota) {
    const { policy, standing } = rateLimitHeaders(quota);
    reply.header('ratelimit-policy', policy).header('ratelimit', standing);
  },
  onGone({ reply: { raw } }, listener) {
    if (raw.destroyed) listener();
    else raw.once('close', () => void (raw.writableFinished || listener()));
  },
};

const pathUnknown = refused('method_unknown', 'PATH_UNKNOWN', 'There is nothing at this path.');

/** What went wrong before a handler was reached: the caller's mistake, as fastify names it, or a bug of ours. */
const failureOfServer = (error: FastifyError, logger: Logger): Failure => {
  switch (error.code) {
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return pathUnknown;
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refused('too_large', 'BODY_TOO_LARGE', `The body is larger than ${maxBodyBytes} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refused('unsupported_media_type', 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json.');
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return refused('invalid', 'INVALID_REQUEST', 'This is no request that can be read.');
  const incident = randomUUIDv7();
  logger.error({ err: error, incident }, 'a request failed before it reached its method');
  return { kind: 'failed', incident };
};
