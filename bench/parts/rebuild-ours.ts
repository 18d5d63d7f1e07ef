// Builds the read model `orders` from the start of the log with our engine.
import { openStore } from '../../src/cli/open-store.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';
import { openPool } from '../../src/platform/database.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { orders } from '../../src/projections/orders.ts';
import { runProjections } from '../../src/projections/run.ts';
import { subscriptionOf } from '../../src/projections/projection.ts';
import { readCheckpoints } from '../../src/subscriptions/checkpoints.ts';
import { answerQuestions, partOptions } from '../part.ts';

const { url } = await partOptions<{ readonly url: string }>();
const metrics = createMetrics('bench');
const store = openStore(url, { name: 'bench', logger: silent, metrics });
const pool = openPool({ url, name: 'bench', max: 4, logger: silent });
const name = subscriptionOf(orders);

answerQuestions(
  {
    rebuild: async () => {
      await pool.query(`drop view if exists read_models.${orders.name}; drop table if exists read_models.${name}`);
      await pool.query('delete from read_models.live where name = $1', [orders.name]);
      await pool.query('delete from subscriptions.checkpoints where name = $1', [name]);
      const head = await store.head();
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
        const reached = (await readCheckpoints(pool, [name])).get(name)?.progress.position;
        if (reached !== undefined && reached >= head) break;
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
