import type { FastifyReply } from 'fastify';
import { problem, retryAfterMsOf } from './errors.ts';
import { writeStream, type OpenStream } from './streams.ts';

/** A comment goes out this often: proxies close connections on which nothing is sent, and what cannot be sent shows that the reader is gone. */
const heartbeatMs = 15_000;
/** What was sent last may take this long to be read. */
const lingerMs = 10_000;

/**
 * Sends a stream as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), each with the revision of its
 * message as id. In the end comes an event `end` where all was said, else an event `problem` with the problem details and, where it
 * helps to come back, the time to wait before. Neither compressed nor buffered by proxies.
 */
export const sendEvents = (stream: OpenStream<string>, reply: FastifyReply): FastifyReply => {
  reply.hijack();
  void send(stream, reply);
  return reply;
};

const send = async (stream: OpenStream<string>, reply: FastifyReply): Promise<void> => {
  const { raw } = reply;
  raw.on('error', () => {});
  raw.writeHead(200, { ...reply.getHeaders(), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } as never);
  raw.flushHeaders();
  const beating = setInterval(() => void (raw.writableNeedDrain || raw.write(':\n\n')), heartbeatMs);
  const failure = await writeStream(stream, (body, taken, { revision }) => {
    const id = typeof revision === 'bigint' ? `id: ${revision}\n` : '';
    raw.write(`${id}data: ${body}\n\n`, taken);
  });
  clearInterval(beating);
  const cutOff = setTimeout(() => raw.destroy(), lingerMs);
  raw.once('close', () => clearTimeout(cutOff));
  if (!failure) return void raw.end('event: end\ndata: {}\n\n');
  const retryAfterMs = retryAfterMsOf(failure);
  const retry = retryAfterMs === undefined ? '' : `retry: ${retryAfterMs}\n`;
  raw.end(`event: problem\n${retry}data: ${problem(failure).body}\n\n`);
};
