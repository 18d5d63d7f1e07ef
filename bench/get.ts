export const getBenchmark = 0 as never;
