import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until it is so; fails at the deadline with what it waited for. */
export const eventually = async (what: string, holds: () => Promise<boolean> | boolean, deadlineMs = 30_000): Promise<void> => {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
};
