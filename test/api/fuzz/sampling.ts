import { randomInt } from 'node:crypto';

/** Where the random choices of a run begin: the same again with FUZZ_SEED. */
export const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

/** How many requests a run sends in all, about: a few thousand, or as many as FUZZ_REQUESTS says. */
export const wantedRequests = Number(process.env['FUZZ_REQUESTS'] ?? 4_000);

/** What a failure has to say so that it can be seen again. */
export const again = `FUZZ_SEED=${seed}${process.env['FUZZ_REQUESTS'] ? ` FUZZ_REQUESTS=${wantedRequests}` : ''}`;
