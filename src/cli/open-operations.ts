import { isEventStoreDbUrl } from '../eventstore/eventstoredb/connection-string.ts';
import { openEventStoreDbOperations } from '../eventstore/eventstoredb/operations.ts';
import type { LogOperations } from '../eventstore/log-operations.ts';
import { openPostgresOperations } from '../eventstore/postgres/operations.ts';
import type { Logger } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';

/** Opens the operator's hand on the log that a URL names; its scheme picks the store. The URL is the owner's or an administrator's. */
export const openOperations = (url: string, { logger }: { readonly logger: Logger }): LogOperations =>
  isEventStoreDbUrl(url) ? openEventStoreDbOperations({ url, logger, metrics: createMetrics('operator') }) : openPostgresOperations({ url, logger });
