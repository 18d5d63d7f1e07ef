import { connect } from 'node:net';
import type { Address } from '../platform.ts';
import type { Feed } from './feed.ts';

// As much HTTP/2 (RFC 9113) as loading a gRPC server takes: frames that were built beforehand go out, and of what comes back only
// is looked at whether a message came before the stream's end. Several times cheaper than any client library, so that what is
// measured is the server.

const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
const flag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4 } as const;
const headBytes = 9;

/** A unary gRPC request: a HEADERS and a DATA frame, their stream to be filled in. */
export const grpcRequest = (options: { readonly path: string; readonly token: string; readonly message: Buffer }): Buffer => {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': options.path,
    ':authority': 'api',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${options.token}`,
  };
  const block = Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(options.message.length, 1);
  return Buffer.concat([
    frame(frameType.headers, flag.endHeaders, 0, block),
    frame(frameType.data, flag.endStream, 0, Buffer.concat([prefix, options.message])),
  ]);
};

/** One connection that has `depth` requests under way at a time, until the feed ends. */
export const driveHttp2 = ({ host, port }: Address, depth: number, { next, answered }: Feed): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const streams = new Map<number, { readonly startedAt: number; hasMessage: boolean }>();
    const held: Buffer[] = [];
    let nextStream = 1;
    let window = 65_535;
    let ended = false;
    let rest: Buffer | undefined;

    const send = (): void => {
      const request = held.pop() ?? next();
      if (!request) {
        ended = true;
        return;
      }
      const dataAt = headBytes + request.readUIntBE(0, 3);
      const size = request.length - dataAt - headBytes;
      if (size > window) return void held.push(request);
      window -= size;
      request.writeUInt32BE(nextStream, 5);
      request.writeUInt32BE(nextStream, dataAt + 5);
      streams.set(nextStream, { startedAt: performance.now(), hasMessage: false });
      nextStream += 2;
      socket.write(request);
    };
    const finish = (id: number): void => {
      const stream = streams.get(id)!;
      streams.delete(id);
      answered(stream.startedAt, stream.hasMessage);
      if (!ended) send();
      if (streams.size === 0 && held.length === 0 && ended) {
        socket.end();
        resolve();
      }
    };
    const take = (type: number, flags: number, id: number, payload: Buffer): void => {
      switch (type) {
        case frameType.data:
          if (payload.length > 0) streams.get(id)!.hasMessage = true;
          if (flags & flag.endStream) finish(id);
          break;
        case frameType.headers:
          if (flags & flag.endStream) finish(id);
          break;
        case frameType.settings:
          if (!(flags & flag.ack)) socket.write(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)));
          break;
        case frameType.ping:
          if (!(flags & flag.ack)) socket.write(frame(frameType.ping, flag.ack, 0, Buffer.from(payload)));
          break;
        case frameType.windowUpdate:
          if (id === 0) {
            window += payload.readUInt32BE(0);
            for (let waiting = held.length; waiting > 0; waiting -= 1) send();
          }
          break;
        case frameType.reset:
        case frameType.goAway:
          socket.destroy(
            new Error(
              `the server ended ${type === frameType.reset ? 'a stream' : 'the connection'}: code ${payload.readUInt32BE(payload.length >= 8 ? 4 : 0)}`,
            ),
          );
      }
    };

    socket.on('connect', () => {
      const bigWindow = Buffer.alloc(6);
      bigWindow.writeUInt16BE(4, 0);
      bigWindow.writeUInt32BE(2 ** 31 - 1, 2);
      const grow = Buffer.alloc(4);
      grow.writeUInt32BE(2 ** 31 - 1 - 65_535, 0);
      socket.write(
        Buffer.concat([
          Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
          frame(frameType.settings, 0, 0, bigWindow),
          frame(frameType.windowUpdate, 0, 0, grow),
        ]),
      );
      for (let count = 0; count < depth; count += 1) send();
    });
    socket.on('data', (chunk) => {
      const data = rest ? Buffer.concat([rest, chunk]) : chunk;
      let at = 0;
      socket.cork();
      while (data.length >= at + headBytes) {
        const size = data.readUIntBE(at, 3);
        if (data.length < at + headBytes + size) break;
        take(data[at + 3]!, data[at + 4]!, data.readUInt32BE(at + 5) & 0x7fff_ffff, data.subarray(at + headBytes, at + headBytes + size));
        at += headBytes + size;
      }
      socket.uncork();
      rest = at < data.length ? data.subarray(at) : undefined;
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** A string literal of HPACK (RFC 7541 §5.2), not compressed. */
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let left = bytes.length - 127;
  for (; left >= 128; left >>= 7) length.push((left & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, left]), bytes]);
};
