import type { EventStore } from '../eventstore/event-store.ts';
import { isEventStoreDbUrl } from '../eventstore/eventstoredb/connection-string.ts';
import { openEventStoreDb } from '../eventstore/eventstoredb/store.ts';
import { openPostgresStore } from '../eventstore/postgres/store.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';

/** Opens the event store that a URL names; its scheme picks the adapter. */
export const openStore = (url: string, options: { readonly name: string; readonly logger: Logger; readonly metrics: Registry }): EventStore =>
  isEventStoreDbUrl(url) ? openEventStoreDb({ url, ...options }) : openPostgresStore({ url, ...options });
