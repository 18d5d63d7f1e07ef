export const placeBenchmark = 0 as never;
