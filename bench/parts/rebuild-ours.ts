// Builds the read model `orders` from the start of the log with our engine.
import { openStore } from '../../src/cli/open-store.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { orders } from '../../src/projections/orders.ts';
import { runProjections } from '../../src/projections/run.ts';
import { subscriptionOf, tablesOf } from '../../src/projections/projection.ts';
import { liveVersion } from '../../src/projections/versions.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const metrics = createMetrics('bench');
const store = openStore(url, { name: 'bench', logger: silent, metrics });
const pool = openPool({ url, name: 'bench', max: 4, logger: silent });
const name = subscriptionOf(orders);

answerQuestions(
  {
    rebuild: async () => {
      for (const { name: view, table } of tablesOf(orders))
        await pool.query(`drop view if exists read_models.${view}; drop table if exists ${table}`);
      // As an operator meets it: queries go to the version before until this one has caught up.
      await pool.query(
        `insert into read_models.live (name, version, subscription) values ($1, $2, $3)
             on conflict (name) do update set version = excluded.version, subscription = excluded.subscription`,
        [orders.name, orders.version - 1, subscriptionOf({ name: orders.name, version: orders.version - 1 })],
      );
      await pool.query('delete from subscriptions.checkpoints where name = $1', [name]);
      const stop = new AbortController();
      const begun = performance.now();
      const running = runProjections({
        store,
        pool,
        projections: [orders],
        decode: decoder(catalogue),
        holder: 'bench',
        logger: silent,
        metrics,
        signal: stop.signal,
      });
      for (;;) {
        if ((await liveVersion(pool, orders.name)) === orders.version) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const seconds = (performance.now() - begun) / 1_000;
      stop.abort();
      await running.done;
      return { seconds };
    },
  },
  async () => {
    await store.close();
    await pool.end();
  },
);
