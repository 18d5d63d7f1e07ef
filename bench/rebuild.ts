export const rebuildBenchmark = 0 as never;
