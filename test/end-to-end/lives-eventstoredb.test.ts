import { runOn } from '../support/store-under-test.ts';

runOn('EventStoreDB');
await import('./lives.test.ts');
