import type { Writable } from 'node:stream';

/**
 * What one turn of the event loop writes to a socket leaves it in one piece: each piece costs a system call here and wakes
 * whoever reads there, which at a thousand small messages a second is more work than the messages themselves.
 */
export const gatherWrites = (socket: Writable): void => {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  let gathering = false;
  const flush = (): void => {
    gathering = false;
    socket.uncork();
  };
  socket.write = (...given: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      process.nextTick(flush);
    }
    return write(...given);
  };
};
