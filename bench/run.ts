import { parseArgs } from 'node:util';
import { untilStopped } from '../infra/local/signals.ts';
import { runToExit } from '../infra/local/terminal.ts';
import { currentLoad, report, type Findings } from './report.ts';
import { benchServices } from './services.ts';

/** What every benchmark is given. */
export type Bench = {
  /** Short rounds and little data: to see that it works, not to quote. */
  readonly quick: boolean;
  /** Rounds that count. */
  readonly rounds: number;
  /** Only where the benchmark needs it. */
  readonly rabbitmqUrl: string | undefined;
  /** Further event stores to append to. */
  readonly stores: readonly string[];
  /** Events in the larger log of `append --growth`. */
  readonly events: number;
  readonly say: (line: string) => void;
};

const benchmarks: Readonly<Record<string, () => Promise<(bench: Bench) => Promise<Findings>>>> = {
  append: async () => (await import('./append.ts')).appendBenchmark,
  growth: async () => (await import('./growth.ts')).growthBenchmark,
  place: async () => (await import('./place.ts')).placeBenchmark,
  get: async () => (await import('./get.ts')).getBenchmark,
  rebuild: async () => (await import('./rebuild.ts')).rebuildBenchmark,
  offer: async () => (await import('./offer.ts')).offerBenchmark,
  confirm: async () => (await import('./confirm.ts')).confirmBenchmark,
  lag: async () => (await import('./lag.ts')).lagBenchmark,
};

/** Benchmarks that the forwarder has a part in. */
const needsRabbit = (name: string): boolean => name === 'lag' || name === 'confirm';

const usage = `usage: npm run bench -- <append|place|offer|confirm|get|rebuild|lag>… [--quick] [--rounds <n>] [--growth [--events <n>]] [--store <url>]…

Measures the platform against its peers and limits, in turns, and writes the result to bench/results.
  --quick       short rounds and little data: to see that it works, not to quote
  --rounds      rounds that count, 5 unless told
  --growth      append: how much slower one is in a log of --events (10,000,000 unless told) than in one of 100,000
  --store       append: another event store to measure, whose schema is there already; may be repeated
Exit code 3: measured, and a target was missed.`;

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      growth: { type: 'boolean', default: false },
      events: { type: 'string', default: '10000000' },
      store: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const names = positionals.map((name) => (name === 'append' && values.growth ? 'growth' : name));
  if (values.help || names.length === 0 || names.some((name) => !(name in benchmarks))) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const stopped = untilStopped();
  const services = await benchServices(process.env, names.some(needsRabbit), stopped);
  stopped.addEventListener('abort', () => void services.stop().finally(() => process.exit(130)));
  // Databases are made by what makes them for tests, which reads these; so do the processes of the platform.
  process.env['TEST_MIGRATION_DATABASE_URL'] = services.migrationUrl;
  process.env['TEST_DATABASE_URL'] = services.runtimeUrl;
  process.env['TEST_REDIS_URL'] = services.redisUrl;
  let missed = false;
  try {
    for (const name of names) {
      const loadBefore = currentLoad();
      const benchmark = await benchmarks[name]!();
      const findings = await benchmark({
        quick: values.quick,
        rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
        rabbitmqUrl: services.rabbitmqUrl,
        stores: values.store,
        events: Number(values.events),
        say: (line) => console.log(line),
      });
      const allMet = await report(name === 'growth' ? 'append-growth' : name, findings, {
        quick: values.quick,
        databaseUrl: services.runtimeUrl,
        ...(needsRabbit(name) && services.rabbitmqUrl ? { rabbitmqUrl: services.rabbitmqUrl } : {}),
        loadBefore,
      });
      missed ||= !allMet;
    }
  } finally {
    await services.stop();
  }
  return missed ? 3 : 0;
};

runToExit(main);
