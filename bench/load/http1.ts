import { connect } from 'node:net';
import type { Address } from '../platform.ts';
import type { Feed } from './feed.ts';

/** An HTTP/1.1 request, ready to be sent. */
export const http1Request = (options: { readonly verb: string; readonly path: string; readonly token: string; readonly body?: Buffer }): Buffer => {
  const { verb, path, token, body } = options;
  const head = `${verb} ${path} HTTP/1.1\r\nhost: api\r\nauthorization: Bearer ${token}\r\n${body ? `content-type: application/json\r\ncontent-length: ${body.length}\r\n` : ''}\r\n`;
  return Buffer.concat([Buffer.from(head), body ?? Buffer.alloc(0)]);
};

/** One connection that has one request under way at a time, until the feed ends. Answers must have a content-length. */
export const driveHttp1 = ({ host, port }: Address, { next, answered }: Feed): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let rest: Buffer | undefined;
    let startedAt = 0;
    const send = (): void => {
      const request = next();
      if (!request) {
        socket.end();
        return resolve();
      }
      startedAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      const data = rest ? Buffer.concat([rest, chunk]) : chunk;
      const end = data.indexOf('\r\n\r\n');
      const head = end < 0 ? '' : data.toString('latin1', 0, end);
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      if (end >= 0 && length === undefined) return void socket.destroy(new Error(`an answer without content-length: ${head}`));
      if (end < 0 || data.length < end + 4 + Number(length)) {
        rest = data;
        return;
      }
      rest = undefined;
      answered(startedAt, head.startsWith('HTTP/1.1 2'));
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });
