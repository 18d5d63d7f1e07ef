import { openEventStoreDb, type EventStoreDb } from '../../src/eventstore/eventstoredb/store.ts';
import { silent, type Logger } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';
import { startEventStoreDb } from '../support/eventstoredb-under-test.ts';
import { openProxy } from '../support/proxy.ts';
import type { Adapter } from './contract.ts';

export type EventStoreDbAdapter = Adapter & {
  /** The server's own URL. */
  readonly url: string;
  /** That of the node which the proxy is in front of: in a cluster, the leader. */
  readonly nodeUrl: string;
};

/** A store at a URL. */
export const storeAt = (
  url: string,
  { logger = silent, metrics = createMetrics('test') }: { logger?: Logger; metrics?: Registry } = {},
): EventStoreDb => openEventStoreDb({ url, name: 'store', logger, metrics });

/** The EventStoreDB adapter on a server; its stores reach it through a proxy. */
export const eventStoreDbAdapter = async (): Promise<EventStoreDbAdapter> => {
  const server = await startEventStoreDb();
  const proxy = await openProxy(server.nodeUrl);
  return {
    url: server.url,
    nodeUrl: server.nodeUrl,
    proxy,
    open: () => storeAt(proxy.url),
    openDirect: () => storeAt(server.url),
    cutConnections: async () => proxy.cut(),
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
};
