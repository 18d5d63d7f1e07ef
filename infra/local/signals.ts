/**
 * Aborts when this process is asked to end: by Ctrl-C, by SIGTERM or SIGHUP, or because the process that started it was killed.
 * From then on signals are ignored: what has to be stopped is stopped in order, within bounded time.
 */
export const untilStopped = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  process.on('disconnect', () => stopping.abort());
  process.channel?.unref();
  return stopping.signal;
};
