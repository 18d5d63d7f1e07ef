import { pause } from '../../platform/retry.ts';
import type { Api } from './api.ts';
import type { Journey, Ledger } from './ledger.ts';
import type { Stories } from './stories.ts';
import type { Tally } from './tally.ts';
import { isEnd, statusOf, turnsOf, type Tale } from './tales.ts';

/** What was acknowledged has to be seen everywhere this long after the end. */
export const settleMs = 10_000;
/** Readings at once. */
const readers = 20;
/** Ids that are shown of what is missing. */
const shownIds = 10;

/** Reads again what was not seen in the read model yet, and waits for messages, until nothing is missing or the time is over. */
export const settle = async (ledger: Ledger, { read }: Pick<Stories, 'read'>, api: Api): Promise<void> => {
  for (const until = performance.now() + settleMs; ledger.size() > 0 && performance.now() < until;) {
    const unread = [...ledger.unread()];
    const reader = async (): Promise<void> => {
      for (let next = unread.shift(); next && performance.now() < until; next = unread.shift()) await read(next, api);
    };
    await Promise.all(Array.from({ length: readers }, reader));
    await pause(200);
  }
};

/** Whether the platform kept its word, and how that is said. */
export const verdict = (ledger: Ledger, { brokenPromises, of }: Tally): { readonly isWell: boolean; readonly text: string } => {
  const problems = [
    ...missing('not in the read model', ledger.unread()),
    ...missing('not delivered by RabbitMQ', ledger.unheard()),
    ...brokenPromises.map((promise) => `  ${promise}`),
  ];
  if (problems.length === 0) {
    const acknowledged = of('placed') + of('cancelled');
    const text =
      acknowledged === 0
        ? 'Nothing was acknowledged, so nothing could be checked.'
        : `All ${acknowledged} orders and cancellations that were acknowledged are in the read model, and RabbitMQ delivered each.`;
    return { isWell: true, text };
  }
  return { isWell: false, text: ['THE PLATFORM DID NOT KEEP ITS WORD:', ...problems].join('\n') };
};

const missing = (how: string, journeys: readonly Journey[]): readonly string[] =>
  journeys.length === 0
    ? []
    : [
        `  ${journeys.length} acknowledged ${journeys.length === 1 ? 'command is' : 'commands are'} ${how} ${settleMs / 1_000} s after the end:`,
        ...journeys.slice(0, shownIds).map(({ what, orderId }) => `    order ${orderId}, ${what}`),
        ...(journeys.length > shownIds ? [`    and ${journeys.length - shownIds} more`] : []),
      ];

/** Orders that have ended are read once more at the end, up to so many. */
const maxChecked = 500;

/** Reads ended orders again: the read model must say what the messages said. */
export const checkEnds = async (tales: readonly Tale[], api: Api, broken: (promise: string) => void): Promise<void> => {
  const left = tales.filter(({ heard }) => heard.some(isEnd)).slice(-maxChecked);
  const reader = async (): Promise<void> => {
    for (let tale = left.shift(); tale; tale = left.shift()) {
      const reply = await api.getOrder(tale.orderId, '');
      if (reply.kind === 'answered' && reply.answer.status !== statusOf(tale))
        broken(`order ${tale.orderId} is ${statusOf(tale)} by its messages, and reads ${reply.answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
};

/** How many orders reached what, and of each turn in their lives one to look at. */
export const outcomes = (tales: readonly Tale[]): string => {
  const statuses = new Map<string, number>();
  const turns = new Map<string, { count: number; readonly orderId: string }>();
  for (const tale of tales) {
    const status = statusOf(tale);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    for (const turn of turnsOf(tale)) {
      const known = turns.get(turn);
      turns.set(turn, known ? { ...known, count: known.count + 1 } : { count: 1, orderId: tale.orderId });
    }
  }
  const rows = [...turns]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([turn, { count, orderId }]) => `  ${turn.padEnd(52)} ${String(count).padStart(5)}   ${orderId}`);
  return [
    `${tales.length} orders: ${[...statuses].map(([status, count]) => `${count} ${status}`).join(', ')}.`,
    ...(rows.length === 0 ? [] : ['', `  ${'What happened'.padEnd(52)} ${'times'.padStart(5)}   for one of them see the history of`, ...rows]),
  ].join('\n');
};

/** What to try next. */
export const nextCommands = (apiUrl: string, orderId: string | undefined): string => {
  const about =
    orderId === undefined
      ? []
      : [
          'Everything that happened to an order, step by step, who did it, why, and what caused it:',
          `  curl -H "authorization: Bearer $(npm run --silent token -- support)" ${apiUrl}/v1/orders/${orderId}/history`,
        ];
  return [
    ...about,
    'Another service that takes the messages, in a few lines of JavaScript:',
    '  node examples/consume-orders.mjs',
    `API documentation: ${apiUrl}/docs. Metrics: /metrics of each role, at the addresses that npm start printed.`,
  ].join('\n');
};
