/** A little longer than was asked for, so that not everybody comes back at once. */
export const withJitter = (delayMs: number): number => delayMs * (1 + Math.random() / 2);

/** Resolves after so many milliseconds; rejects with the signal's reason. */
export const pause = (delayMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
