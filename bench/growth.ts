export const growthBenchmark = 0 as never;
