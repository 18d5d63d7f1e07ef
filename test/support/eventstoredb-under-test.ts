import { startEventStoreDb as startOwn } from './eventstoredb/server.ts';

const real = process.env['TEST_EVENTSTOREDB_URL'];

/** Which server tests run on, for their names: the one that the environment names, or one of their own. */
export const eventStoreDbName = real ? 'EventStoreDB (TEST_EVENTSTOREDB_URL)' : 'EventStoreDB';

/** An EventStoreDB that a test may use: the server that the environment names, or one of the test's own. */
export type EventStoreDbUnderTest = { readonly url: string; readonly close: () => Promise<void> };

export const startEventStoreDb = async (): Promise<EventStoreDbUnderTest> => {
  if (real) return { url: real, close: async () => {} };
  const { url, close } = await startOwn();
  return { url, close: async () => close() };
};
