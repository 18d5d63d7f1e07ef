import { backoffMs, pause, type RetryPolicy } from '../../src/platform/retry.ts';
import { end, launch, type Ending, type Process, type Program } from './processes.ts';

/** A program that is started again whenever it ends, until it is told to stop. */
export type Supervised = {
  readonly name: string;
  /** The running process's id; undefined between two runs. */
  readonly pid: () => number | undefined;
  /** How often it has ended by itself. */
  readonly endings: () => number;
  readonly stop: (graceMs: number) => Promise<void>;
};

/** What ended by itself is back after half a second at first, after ten at most. */
export const restarting: RetryPolicy = { attempts: Infinity, baseMs: 500, capMs: 10_000 };

/** A run this long was a good one: the next restart is quick again. */
const goodRunMs = 20_000;

/** Keeps a program running. `onEnding` hears of every end that nobody asked for. */
export const supervise = (
  folder: string,
  program: Program,
  onEnding: (ending: Ending) => void = () => undefined,
  policy: RetryPolicy = restarting,
): Supervised => {
  const stopping = new AbortController();
  let endings = 0;
  let current: Process | undefined;

  const keepRunning = async (): Promise<void> => {
    let failures = 0;
    do {
      const began = performance.now();
      current = launch(folder, program);
      const ending = await current.ended;
      current = undefined;
      if (stopping.signal.aborted) return;
      endings += 1;
      failures = performance.now() - began > goodRunMs ? 0 : failures + 1;
      onEnding(ending);
    } while (await pause(backoffMs(policy, failures), stopping.signal));
  };
  const kept = keepRunning();

  return {
    name: program.name,
    pid: () => current?.pid,
    endings: () => endings,
    stop: async (graceMs) => {
      stopping.abort();
      if (current) await end(current, program.stopSignal, graceMs);
      await kept;
    },
  };
};

/** Why a program ended, in words. */
export const endingText = ({ code, signal, error }: Ending): string =>
  error?.message ?? (signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`);
