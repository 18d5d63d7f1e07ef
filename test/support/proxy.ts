import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy before a server, to break its connections in the ways that networks do. */
export type Proxy = {
  /** The address of the server with the proxy's host and port in it. */
  readonly url: string;
  /** Resets every connection; new ones get through. */
  readonly cut: () => void;
  /** Resets every connection, and every new one at once. */
  readonly refuse: () => void;
  /** Keeps connections open, old and new, and passes nothing on. */
  readonly blackhole: () => void;
  /** Lets everything through again, what was held back included. */
  readonly pass: () => void;
  readonly close: () => Promise<void>;
};

export const openProxy = async (server: string): Promise<Proxy> => {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let mode: 'pass' | 'refuse' | 'blackhole' = 'pass';

  const listener = createServer((client) => {
    client.on('error', () => {});
    if (mode === 'refuse') return void client.resetAndDestroy();
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => mode === 'blackhole' || from.resume());
      if (mode === 'blackhole') from.pause();
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = new URL(server);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);

  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: url.href,
    cut,
    refuse() {
      mode = 'refuse';
      cut();
    },
    blackhole() {
      mode = 'blackhole';
      for (const socket of sockets) socket.pause();
    },
    pass() {
      mode = 'pass';
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      cut();
      await closed;
    },
  };
};
