import { silent } from '../../src/platform/logging.ts';
import { openPool } from '../../src/platform/database.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openPostgresStore } from '../../src/eventstore/postgres/store.ts';
import { startProjector } from './projector.ts';

/** A projector in a process of its own, to be stopped and killed: `node projector-process.ts <database url>`. */
const url = process.argv[2]!;
const store = openPostgresStore({ url, name: 'projector', logger: silent, metrics: createMetrics('projector') });
const pool = openPool({ url, name: 'projector', max: 8, logger: silent });
startProjector({ store, pool, signal: new AbortController().signal }, { leaseMs: 400 });
