import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The port that clients know, before the server that may come and go behind it. */
export type Front = {
  readonly port: number;
  /** Takes connections, and passes everything on. */
  readonly open: () => Promise<void>;
  /** Takes no new connections; the others go on. */
  readonly refuse: () => void;
  /** Resets every connection. */
  readonly reset: () => void;
  /** Keeps connections, old and new, and moves nothing in either direction until `open`. */
  readonly hold: () => void;
};

export const openFront = async (backendPort: number): Promise<Front> => {
  const sockets = new Set<Socket>();
  let held = false;
  let listener: Server | undefined;
  let port = 0;

  const newListener = (): Server =>
    createServer((client) => {
      const backend = connect({ host: '127.0.0.1', port: backendPort });
      for (const [from, to] of [
        [client, backend],
        [backend, client],
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
        to.on('drain', () => {
          if (!held) from.resume();
        });
        if (held) from.pause();
      }
    });

  const open = async (): Promise<void> => {
    held = false;
    if (!listener) {
      listener = newListener();
      listener.listen(port, '127.0.0.1');
      await once(listener, 'listening');
      ({ port } = listener.address() as AddressInfo);
    }
    for (const socket of sockets) socket.resume();
  };
  await open();

  return {
    port,
    open,
    refuse() {
      listener?.close();
      listener = undefined;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    hold() {
      held = true;
      for (const socket of sockets) socket.pause();
    },
  };
};
