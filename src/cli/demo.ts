import { parseArgs } from 'node:util';
import { developmentToken, type Role } from '../api/development-issuer.ts';
import { pause } from '../platform/retry.ts';
import { localPlatform } from './local-platform.ts';
import { arrivals, createInFlight, maxInFlight } from './demo/arrivals.ts';
import { noAnswer, noConnection, type Api, type Reply, type Tokens } from './demo/api.ts';
import { createAsk } from './demo/asking.ts';
import { chance } from './demo/chance.ts';
import { checkEnds, nextCommands, outcomes, settle, settleMs, verdict } from './demo/ending.ts';
import { createLedger } from './demo/ledger.ts';
import { createLives, type Lives } from './demo/lives.ts';
import { followMessages } from './demo/messages.ts';
import { grpcApi, restApi } from './demo/platform.ts';
import { createScreen } from './demo/screen.ts';
import { openShop } from './demo/shop.ts';
import { createStories } from './demo/stories.ts';
import { summaryOf, totals } from './demo/summary.ts';
import { createTales, turnsOf } from './demo/tales.ts';
import { createTally, happenings } from './demo/tally.ts';

const maxRate = 500;
/** After --seconds orders live on, at most so long. */
const maxFarewellMs = 120_000;

const usage = `usage: npm run demo -- [--rate <orders per second>] [--seconds <n>]

Plays a marketplace for refurbished devices on the platform that \`npm start\` runs in this clone, half of it through gRPC and half
through REST: customers order, cancel and send back, merchants accept, reject, ship and inspect, support holds, releases and helps,
each with a token of its own. Shows a sample of what happens. Ends with Ctrl-C, or after --seconds, when orders have lived their lives.

  --rate     orders a second on average, above 0 and at most ${maxRate}; 5 when left out
  --seconds  places no more orders after so many, and ends when those that were placed have ended
  --help     shows this

Times in a line are counted from the moment the request was sent: until it was acknowledged, until GetOrder showed it (seen, in the
read model), until its message came from RabbitMQ (told). Refusals such as PRICE_CHANGED and OUT_OF_STOCK are part of the play.
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

const run = async ({ rate, seconds }: Options, interrupted: AbortController): Promise<number> => {
  const stopped = interrupted.signal;
  const { API_URL, GRPC_ADDRESS, RABBITMQ_URL } = whereItRuns();
  const tokens = await developmentTokens();
  const screen = createScreen();
  const tally = createTally();
  const again = (): void => tally.count('asked again');
  const apis: readonly Api[] = [grpcApi(GRPC_ADDRESS, tokens, again), restApi(API_URL, tokens, again)];
  const ledger = createLedger();
  const tales = createTales(stopped);
  const ask = createAsk({ tally, screen });

  const opened = await openShop(apis[1]!);
  if (opened.kind !== 'open') throw new Refusal(whyNot(opened, API_URL));
  const { shop, published } = opened;
  const sellers = new Set(shop.offers.map(({ article }) => article.merchant.merchantId)).size;
  screen.say(`${shop.offers.length} offers of ${sellers} merchants, ${published === 0 ? 'all of an earlier demo' : `${published} of them new`}.`);

  let wasFollowing = false;
  let isOver = false;
  const messages = await followMessages(RABBITMQ_URL, {
    message: (message) => {
      const { type, name, key } = message;
      tally.count('messages');
      tales.hear(message);
      const happening = happenings.get(name);
      if (happening) tally.happens(happening);
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

  const defect = (error: unknown): void => screen.say(`The demo has a defect: ${(error as Error).stack}`);
  const stories = createStories({ apis, shop, ledger, tally, screen, ask, tales, lives: (): Lives => lives });
  const lives = createLives({ apis, ask, tally, screen, stopped, cancelled: stories.cancelled, failed: defect });
  const inFlight = createInFlight(defect);
  const startedAt = performance.now();
  const closing = seconds === undefined ? stopped : AbortSignal.any([stopped, AbortSignal.timeout(seconds * 1_000)]);
  screen.summarise(
    summaryOf({ tally, rate, startedAt, inFlight: inFlight.count, awaited: ledger.size, lives: lives.open, brokerTrouble: messages.trouble }),
  );

  const arrive = (): void => {
    if (!inFlight.begin(stories.placeOrder)) {
      tally.count('not sent');
      screen.tell({
        label: 'behind',
        what: `The platform is slower than ${rate} orders/s: ${maxInFlight} are in flight, so some orders are not sent.`,
      });
    }
    for (const [probability, story] of [
      [0.04, stories.changePrice],
      [0.3, stories.adjustStock],
      [0.05, stories.lookAtShelves],
      [0.02, stories.lookAtHistory],
    ] as const) {
      if (chance(probability)) inFlight.begin(story);
    }
  };
  await arrivals(rate, arrive, closing);
  const ranMs = performance.now() - startedAt;

  if (!stopped.aborted && lives.open() > 0) {
    screen.say(`No more orders. ${lives.open()} go on to their ends; Ctrl-C does not wait for them.`);
    await Promise.race([lives.idle(), pause(maxFarewellMs, stopped)]);
    interrupted.abort();
  }
  screen.say('Ending: what is in flight is finished, then everything that was acknowledged is looked for.');
  await inFlight.idle();
  await lives.idle();
  await settle(ledger, stories, apis[1]!);
  await checkEnds(lives.tales, apis[1]!, tally.broken);
  isOver = true;
  screen.close();
  await messages.close();
  for (const api of apis) api.close();
  const { isWell, text } = verdict(ledger, tally);
  const richest = lives.tales.toSorted((a, b) => turnsOf(b).length - turnsOf(a).length)[0];
  console.log(`\n${totals(tally, ranMs)}\n\n${outcomes(lives.tales)}\n\n${text}\n\n${nextCommands(API_URL, richest?.orderId)}`);
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
  const token = (role: Role, claims: Partial<Record<'merchantId' | 'customerId', string>> = {}): Promise<string> =>
    developmentToken({ keyFile, role, lifetimeSeconds: 30 * 86_400, ...claims });
  const known = new Map<string, Promise<string>>([['support', token('support')]]);
  return {
    checkout: await token('checkout'),
    of(actor) {
      const name = actor === 'support' ? actor : 'merchantId' in actor ? actor.merchantId : actor.customerId;
      const made =
        known.get(name) ??
        (actor === 'support'
          ? token('support')
          : 'merchantId' in actor
            ? token('merchant', { merchantId: actor.merchantId })
            : token('customer', { customerId: actor.customerId }));
      known.set(name, made);
      return made;
    },
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
