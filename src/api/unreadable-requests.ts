import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { refused } from '../platform/call.ts';
import { problem } from './errors.ts';

/** Answers bytes that Node's HTTP parser gave up on, for which there is no request to reply to, and closes the connection. */
export const answerUnreadable = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemOf(error.code);
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`, () => socket.destroy());
};

const problemOf = (code: string | undefined): ReturnType<typeof problem> => {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problem(refused('too_large', 'HEADERS_TOO_LARGE', 'The request line and the headers are larger than is taken.'), 431);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem(refused('invalid', 'REQUEST_TIMEOUT', 'The request did not arrive as a whole in time.'), 408);
  return problem(refused('invalid', 'INVALID_REQUEST', 'This is no request that can be read.'));
};
