import { gzip } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Smaller answers fit into a packet anyway. */
const minBytes = 1_400;

/**
 * Answers callers that take gzip with gzip (RFC 9110 §12.5.3), where the answer is text at hand and large enough to gain by it; streams
 * pass as they are. An `onSend` hook. The entity tag becomes a weak one, as NGINX makes it: the bytes are others now. BREACH finds nothing
 * here: without cookies no other page can make a browser ask in a caller's name.
 */
export const compressAnswer = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void => {
  if (typeof payload !== 'string' || payload.length < minBytes || reply.hasHeader('content-encoding')) return done(null);
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
  const accepted = request.raw.headers['accept-encoding'];
  if (typeof accepted !== 'string' || negotiate(accepted, ['gzip', 'identity']) !== 'gzip') return done(null);
  gzip(payload, (error, compressed) => {
    if (error) return done(error);
    const etag = reply.getHeader('etag');
    if (typeof etag === 'string' && etag.startsWith('"')) reply.header('etag', `W/${etag}`);
    reply.header('content-encoding', 'gzip').header('content-length', compressed.length);
    done(null, compressed);
  });
};
