import type { FastifyReply, FastifyRequest } from 'fastify';

/** What pages of another origin may send and read beyond what the Fetch standard always allows. */
const requestHeaders =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Consistency-Token, X-Correlation-Id, Traceparent';
const answerHeaders = 'ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Deprecation, Sunset, Link, X-Correlation-Id';
/** So long a browser keeps the answer to a preflight; none keeps it longer. */
const preflightSeconds = 7_200;

/**
 * Lets pages of one other origin, the console's, call this API (https://fetch.spec.whatwg.org/#http-cors-protocol): an `onRequest` hook.
 * There are no cookies, so none are allowed. Any other origin gets no header, and its browser keeps the answer from it.
 */
export const corsFor =
  (origin: string) =>
  (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { headers, method } = request.raw;
    reply.header('vary', 'Origin');
    if (headers.origin === origin) {
      reply.header('access-control-allow-origin', origin);
      if (method === 'OPTIONS')
        reply
          .header('access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
          .header('access-control-allow-headers', requestHeaders)
          .header('access-control-max-age', preflightSeconds);
      else reply.header('access-control-expose-headers', answerHeaders);
    }
    done();
  };
