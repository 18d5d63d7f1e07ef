import { pause } from '../../platform/retry.ts';
import type { Api } from './api.ts';
import type { Journey, Ledger } from './ledger.ts';
import type { Stories } from './stories.ts';
import type { Tally } from './tally.ts';

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
        : `All ${acknowledged} acknowledged commands are in the read model, and RabbitMQ delivered each.`;
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

/** What to try next. */
export const nextCommands = (apiUrl: string, orderId: string | undefined): string => {
  const get = (path: string): string => `curl -H "authorization: Bearer $(npm run --silent token -- support)" ${apiUrl}${path}`;
  const about =
    orderId === undefined
      ? []
      : ['The last order, and everything that happened to it:', `  ${get(`/v1/orders/${orderId}`)}`, `  ${get(`/v1/orders/${orderId}/history`)}`];
  return [
    ...about,
    'Another service that takes the messages, in a few lines of JavaScript:',
    '  node examples/consume-orders.mjs',
    `API documentation: ${apiUrl}/docs. Metrics: /metrics of each role, at the addresses that npm start printed.`,
  ].join('\n');
};
