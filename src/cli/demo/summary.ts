import { totalOf, type Tally, type Timed } from './tally.ts';

/** How things stand with the demo. */
export type Standing = {
  readonly tally: Tally;
  readonly rate: number;
  readonly startedAt: number;
  readonly inFlight: () => number;
  /** Acknowledged, and not seen in the read model or on RabbitMQ yet. */
  readonly awaited: () => number;
  /** Orders whose life goes on. */
  readonly lives: () => number;
  /** Why no messages come; undefined: they do. */
  readonly brokerTrouble: () => string | undefined;
};

const recentMs = 10_000;
const timed: readonly Timed[] = ['gRPC', 'REST', 'read model', 'RabbitMQ'];

/** The running summary: a few lines for a terminal, one for a log. */
export const summaryOf = ({ tally, rate, startedAt, inFlight, awaited, lives, brokerTrouble }: Standing) => {
  const seen: { readonly at: number; readonly sent: number }[] = [{ at: startedAt, sent: 0 }];

  /** Orders sent a second over the last ten seconds. */
  const recently = (): string => {
    const at = performance.now();
    const sent = tally.of('sent');
    if (at - seen.at(-1)!.at > 200) seen.push({ at, sent });
    while (seen.length > 2 && seen[1]!.at < at - recentMs) seen.shift();
    const [since] = seen;
    return at - since!.at < 500 ? '–' : ((sent - since!.sent) / ((at - since!.at) / 1_000)).toFixed(1);
  };

  return {
    lines: (): readonly string[] => [
      `${duration(performance.now() - startedAt)}   ${recently()} orders/s sent, ${rate} wanted   ${inFlight()} in flight${behind(tally)}`,
      `orders placed ${tally.of('placed')}, ${[...tally.happened].map(([what, count]) => `${what} ${count}`).join(', ')}   living ${lives()}`,
      `commands ${tally.of('commands')} after placing   price changes ${tally.of('price changes')}   stock changes ${tally.of('stock changes')}   reads ${tally.of('reads')}   sent twice ${tally.of('sent twice')}`,
      `refused  ${counts(tally.refusals, '   ')}`,
      `errors   ${counts(tally.failures, '   ')}${tally.of('asked again') > 0 ? `   (asked again as told: ${tally.of('asked again')})` : ''}`,
      `ms p50/p99   ${timed.map((what) => `${what} ${latency(tally, what)}`).join('   ')}`,
      `messages ${tally.of('messages')}   awaited ${awaited()}${brokerTrouble() === undefined ? '' : `   ${brokerTrouble()}`}`,
    ],
    line: (): string =>
      `${recently()} orders/s sent, ${rate} wanted; placed ${tally.of('placed')}, ${[...tally.happened].map(([what, count]) => `${what} ${count}`).join(', ')}, living ${lives()}, refused ${counts(tally.refusals)}, errors ${counts(tally.failures)}; ms p50/p99: ${timed
        .map((what) => `${what} ${latency(tally, what)}`)
        .join(', ')}; messages ${tally.of('messages')}, awaited ${awaited()}${behind(tally, '; ')}`,
  };
};

/** What the whole run came to, for the end. */
export const totals = (tally: Tally, ranMs: number): string =>
  [
    `Ran ${duration(ranMs)}.`,
    `  placed       ${tally.of('placed')} orders (${(tally.of('placed') / (ranMs / 1_000)).toFixed(1)}/s), ${tally.of('sent twice')} of them sent twice`,
    `  afterwards   ${tally.of('commands')} commands of customers, merchants and support`,
    `  merchants    ${tally.of('price changes')} price changes, ${tally.of('stock changes')} stock changes`,
    `  reads        ${tally.of('reads')}`,
    `  refused      ${totalOf(tally.refusals) === 0 ? 'none' : counts(tally.refusals, ', ')}`,
    `  errors       ${counts(tally.failures, ', ')}${tally.of('asked again') > 0 ? ` (asked again where the platform said so: ${tally.of('asked again')} times)` : ''}`,
    `  RabbitMQ     ${tally.of('messages')} messages${tally.of('messages twice') > 0 ? `, ${tally.of('messages twice')} more came twice and were dropped` : ''}`,
    ...(tally.of('not sent') > 0 ? [`  not sent     ${tally.of('not sent')} orders: the platform was slower than the rate`] : []),
    `  ms           ${'p50'.padStart(8)} ${'p99'.padStart(8)}`,
    ...timed.map(
      (what) =>
        `  ${what.padEnd(12)} ${milliseconds(tally.percentile(what, 50)).padStart(8)} ${milliseconds(tally.percentile(what, 99)).padStart(8)}${explained[what]}`,
    ),
  ].join('\n');

const explained: Readonly<Record<Timed, string>> = {
  gRPC: '   until PlaceOrder was acknowledged',
  REST: '   the same',
  'read model': '   from sending until GetOrder showed it',
  RabbitMQ: '   from sending until its message came',
};

const behind = (tally: Tally, separator = '   '): string =>
  tally.of('not sent') === 0 ? '' : `${separator}slower than the rate: ${tally.of('not sent')} orders not sent`;

const counts = (map: ReadonlyMap<string, number>, separator = ', '): string =>
  map.size === 0 ? 'none' : [...map].map(([code, count]) => `${code} ${count}`).join(separator);

const latency = (tally: Tally, what: Timed): string => `${milliseconds(tally.percentile(what, 50))}/${milliseconds(tally.percentile(what, 99))}`;

/** As a person reads it: 4.2, 38, 1200. */
export const milliseconds = (ms: number | undefined): string => (ms === undefined ? '–' : ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

const duration = (ms: number): string => {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};
