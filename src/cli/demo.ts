import { parseArgs } from 'node:util';
import { developmentToken, type Role } from '../api/development-issuer.ts';
import { pause } from '../platform/retry.ts';
import { localPlatform } from './local-platform.ts';
import { arrivals, createInFlight, maxInFlight } from './demo/arrivals.ts';
import { merchants } from './demo/articles.ts';
import { noAnswer, noConnection, type Api, type Reply, type Tokens } from './demo/api.ts';
import { chance } from './demo/chance.ts';
import { nextCommands, settle, settleMs, verdict } from './demo/ending.ts';
import { grpcApi } from './demo/grpc.ts';
import { createLedger } from './demo/ledger.ts';
import { followMessages } from './demo/messages.ts';
import { restApi } from './demo/rest.ts';
import { createScreen } from './demo/screen.ts';
import { openShop } from './demo/shop.ts';
import { createStories } from './demo/stories.ts';
import { summaryOf, totals } from './demo/summary.ts';
import { createTally } from './demo/tally.ts';

const maxRate = 500;

const usage = `usage: npm run demo -- [--rate <orders per second>] [--seconds <n>]

Sends live traffic of a marketplace for refurbished devices to the platform that \`npm start\` runs in this clone, half of it
through gRPC and half through REST, and shows a sample of what happens. Ends with Ctrl-C, or after --seconds.

  --rate     orders a second on average, above 0 and at most ${maxRate}; 5 when left out
  --seconds  ends by itself after so many
  --help     shows this

Times in a line are counted from the moment the request was sent: until it was acknowledged, until GetOrder showed it (the read
model), until its message came from RabbitMQ. Refusals such as PRICE_CHANGED and OUT_OF_STOCK are part of the play.
The exit code is 1 when something acknowledged was not seen in the read model or on RabbitMQ ${settleMs / 1_000} s after the end.`;

/** A message is all a person needs. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

type Options = { readonly rate: number; readonly seconds: number | undefined };

const optionsOf = (args: readonly string[]): Options | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '5' }, seconds: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return 'help';
  const rate = Number(values.rate);
  if (!(rate > 0 && rate <= maxRate)) throw new Error(`--rate is a number above 0 and at most ${maxRate}, not '${values.rate}'.`);
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0 && seconds <= 86_400))
    throw new Error(`--seconds is a number above 0 and at most 86400, not '${values.seconds}'.`);
  return { rate, seconds };
};

const main = async (): Promise<number> => {
  let options: Options | 'help';
  try {
    options = optionsOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\nnpm run demo -- --help tells what it takes.`);
    return 2;
  }
  if (options === 'help') {
    console.log(usage);
    return 0;
  }
  return run(options, untilStopped());
};

const run = async ({ rate, seconds }: Options, stopping: AbortController): Promise<number> => {
  const stopped = stopping.signal;
  const { API_URL, GRPC_ADDRESS, RABBITMQ_URL } = whereItRuns();
  const tokens = await developmentTokens();
  const apis: readonly Api[] = [grpcApi(GRPC_ADDRESS, tokens), restApi(API_URL, tokens)];
  const screen = createScreen();
  const tally = createTally();
  const ledger = createLedger();

  const opened = await openShop(apis[1]!, stopped);
  if (opened.kind !== 'open') throw new Refusal(whyNot(opened, API_URL));
  const { shop, published } = opened;
  const sellers = new Set(shop.offers.map(({ article }) => article.merchant.merchantId)).size;
  screen.say(`${shop.offers.length} offers of ${sellers} merchants, ${published === 0 ? 'all of an earlier demo' : `${published} of them new`}.`);

  let wasFollowing = false;
  let isOver = false;
  const messages = await followMessages(RABBITMQ_URL, {
    message: ({ type, key }) => {
      tally.count('messages');
      if (type === 'orders.order-placed.v1') ledger.heard('placed', key);
      if (type === 'orders.order-cancelled.v1') ledger.heard('cancelled', key);
    },
    again: () => tally.count('messages twice'),
    outOfOrder: ({ type, key }) => {
      tally.broken(`${type} of ${key} came after a later message of it`);
    },
    trouble: (trouble) => {
      if (isOver) return;
      if (trouble !== undefined) screen.tell({ label: 'broker', what: trouble });
      else if (wasFollowing) screen.tell({ label: 'broker', what: 'RabbitMQ is connected again' });
      wasFollowing ||= trouble === undefined;
    },
  });
  for (const until = performance.now() + settleMs; messages.trouble() !== undefined && performance.now() < until;) await pause(50, stopped);
  if (messages.trouble() !== undefined && !stopped.aborted)
    throw new Refusal(
      `No messages can be had: ${messages.trouble()}. Is RabbitMQ up, and did the forwarder declare the exchange orders.events there?`,
    );

  const stories = createStories({ apis, shop, ledger, tally, screen, stopped });
  const inFlight = createInFlight((error) => screen.say(`The demo has a defect: ${(error as Error).stack}`));
  const startedAt = performance.now();
  if (seconds !== undefined) setTimeout(() => stopping.abort(), seconds * 1_000).unref();
  screen.summarise(summaryOf({ tally, rate, startedAt, inFlight: inFlight.count, awaited: ledger.size, brokerTrouble: messages.trouble }));

  const arrive = (): void => {
    if (!inFlight.begin(stories.placeOrder)) {
      tally.count('not sent');
      screen.tell({
        label: 'behind',
        what: `The platform is slower than ${rate} orders/s: ${maxInFlight} are in flight, so some orders are not sent.`,
      });
    }
    for (const [probability, story] of [
      [0.07, stories.cancelOrder],
      [0.06, stories.changePrice],
      [0.1, stories.adjustStock],
      [0.02, stories.lookAtHistory],
    ] as const) {
      if (chance(probability)) inFlight.begin(story);
    }
  };
  await arrivals(rate, arrive, stopped);
  const ranMs = performance.now() - startedAt;

  screen.say('Ending: what is in flight is finished, then everything that was acknowledged is looked for.');
  await inFlight.idle();
  await settle(ledger, stories, apis[1]!);
  isOver = true;
  screen.close();
  await messages.close();
  for (const api of apis) api.close();
  const { isWell, text } = verdict(ledger, tally);
  console.log(`\n${totals(tally, ranMs)}\n\n${text}\n\n${nextCommands(API_URL, stories.lastOrder())}`);
  return isWell ? 0 : 1;
};

const whereItRuns = () => {
  try {
    return localPlatform('API_URL', 'GRPC_ADDRESS', 'RABBITMQ_URL');
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
};

/** Tokens for everybody whom the demo plays, good for longer than anybody watches. */
const developmentTokens = async (): Promise<Tokens> => {
  let keyFile: string;
  try {
    keyFile = localPlatform('DEVELOPMENT_KEY_FILE').DEVELOPMENT_KEY_FILE;
  } catch {
    throw new Refusal(needsDevelopment);
  }
  const token = (role: Role, merchantId?: string): Promise<string> =>
    developmentToken({ keyFile, role, lifetimeSeconds: 30 * 86_400, ...(merchantId === undefined ? {} : { merchantId }) });
  return {
    checkout: await token('checkout'),
    support: await token('support'),
    merchants: new Map(await Promise.all(merchants.map(async ({ merchantId }) => [merchantId, await token('merchant', merchantId)] as const))),
  };
};

const needsDevelopment =
  'The platform takes its tokens from another issuer; the demo plays many people and needs the development issuer.\nStart the platform without OIDC_ISSUER: npm start.';

/** Why the shop could not be opened, and what to do. */
const whyNot = (reply: Exclude<Reply<never>, { kind: 'answered' }>, apiUrl: string): string => {
  if (reply.code === noConnection || reply.code === noAnswer)
    return `Nothing answers at ${apiUrl} (${reply.because}). Start the platform with \`npm start\`, in another terminal.`;
  if (reply.code.startsWith('TOKEN_') || reply.code === 'UNAUTHENTICATED') return needsDevelopment;
  return `The platform is not ready for the demo: ${reply.code}. ${reply.because}`;
};

/** A terminal sends Ctrl-C to every process of its group, and those pass it on: what comes within this time is the same Ctrl-C. */
const sameSignalMs = 1_000;

/** Aborts at Ctrl-C, SIGTERM, SIGHUP, or when the process that started this one was killed; a second Ctrl-C ends at once. */
const untilStopped = (): AbortController => {
  const stopping = new AbortController();
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      firstAt ??= performance.now();
      if (performance.now() - firstAt > sameSignalMs) process.exit(1);
      stopping.abort();
    });
  }
  // Nobody reads any more.
  process.stdout.on('error', () => stopping.abort());
  process.on('disconnect', () => stopping.abort());
  process.channel?.unref();
  return stopping;
};

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Refusal ? error.message : error);
    process.exit(1);
  },
);
