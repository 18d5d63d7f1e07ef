export const lagBenchmark = 0 as never;
