import { pause } from '../platform/retry.ts';

/** How long a service may take to give a sign of life. */
const patienceMs = 2_000;

/** Undefined when the service answers; otherwise what is wrong, in words. */
export const reachable = async (what: string, ask: () => Promise<unknown>): Promise<string | undefined> => {
  const answer = ask().then(
    () => undefined,
    (error: unknown) => `${what}: ${(error as Error).message || String(error)}`,
  );
  return Promise.race([answer, pause(patienceMs).then(() => `${what}: no answer in ${patienceMs} ms`)]);
};
