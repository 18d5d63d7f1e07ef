import type { LogOperations } from '../eventstore/log-operations.ts';
import { openPostgresOperations } from '../eventstore/postgres/operations.ts';
import type { Logger } from '../platform/logging.ts';

/** Opens the operator's hand on the log that a URL names; its scheme picks the store. The URL is the owner's. */
export const openOperations = (url: string, options: { readonly logger: Logger }): LogOperations => openPostgresOperations({ url, ...options });
