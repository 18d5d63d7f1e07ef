import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyReply, FastifyRequest } from 'fastify';

const compress = promisify(gzip);

/** Smaller answers fit into a packet anyway. */
const minBytes = 1_400;

/**
 * Answers callers that take gzip with gzip (RFC 9110 §12.5.3), where the answer is text at hand and large enough to gain by it; streams
 * pass as they are. An `onSend` hook. The entity tag becomes a weak one, as NGINX makes it: the bytes are others now. BREACH finds nothing
 * here: without cookies no other page can make a browser ask in a caller's name.
 */
export const compressAnswer = async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
  if (typeof payload !== 'string' || payload.length < minBytes || reply.hasHeader('content-encoding')) return payload;
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
  const accepted = request.raw.headers['accept-encoding'];
  if (typeof accepted !== 'string' || negotiate(accepted, ['gzip', 'identity']) !== 'gzip') return payload;
  const etag = reply.getHeader('etag');
  if (typeof etag === 'string' && etag.startsWith('"')) reply.header('etag', `W/${etag}`);
  const compressed = await compress(payload);
  reply.header('content-encoding', 'gzip').header('content-length', compressed.length);
  return compressed;
};
