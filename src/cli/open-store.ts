import type { EventStore } from '../eventstore/event-store.ts';
import { openPostgresStore } from '../eventstore/postgres/store.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';

/** Opens the event store that a URL names; its scheme picks the adapter. */
export const openStore = (url: string, options: { readonly name: string; readonly logger: Logger; readonly metrics: Registry }): EventStore =>
  openPostgresStore({ url, ...options });
