import { runOn } from '../support/store-under-test.ts';

runOn('EventStoreDB');
await import('./walking.test.ts');
