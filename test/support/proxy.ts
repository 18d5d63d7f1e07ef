import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy before a server, to break its connections in the ways that networks do. Its port stays the same throughout. */
export type Proxy = {
  /** The address of the server with the proxy's host and port in it. */
  readonly url: string;
  readonly port: number;
  /** Resets every connection; new ones get through. */
  readonly cut: () => void;
  /** Takes no new connections; the others go on. */
  readonly deafen: () => void;
  /** Resets every connection, and takes no new ones. */
  readonly refuse: () => void;
  /** Keeps connections open, old and new, and passes nothing on. */
  readonly blackhole: () => void;
  /** Lets everything through again, what was held back included. */
  readonly pass: () => void;
  readonly close: () => Promise<void>;
};

export const openProxy = async (server: string): Promise<Proxy> => {
  const url = new URL(server);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  let holding = false;
  let listener: Server | undefined;

  const forward = (client: Socket): void => {
    const upstream = connect(target);
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
      from.on('end', () => to.end());
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => holding || from.resume());
      if (holding) from.pause();
    }
  };
  const listen = (port: number): Server => {
    listener ??= createServer(forward).listen(port, '127.0.0.1');
    return listener;
  };
  const cut = (): void => {
    for (const socket of sockets) {
      // Node cannot reset a socket that is just shutting down: it then spins for ever when the process ends.
      if (socket.writableEnded && !socket.writableFinished) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  const deafen = (): void => {
    listener?.close();
    listener = undefined;
  };

  await once(listen(0), 'listening');
  const { port } = listener!.address() as AddressInfo;
  url.hostname = '127.0.0.1';
  url.port = String(port);

  return {
    url: url.href,
    port,
    cut,
    deafen,
    refuse() {
      deafen();
      cut();
    },
    blackhole() {
      holding = true;
      for (const socket of sockets) socket.pause();
    },
    pass() {
      holding = false;
      listen(port);
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const closed = listener && once(listener, 'close');
      deafen();
      cut();
      await closed;
    },
  };
};
