// A process that uses a store in every way, closes it, and has nothing more to do.
import { newEvent, newStream } from './contract.ts';
import { storeAt } from './eventstoredb-adapter.ts';

const store = storeAt(process.argv[2]!);
const stream = newStream();
await store.append(stream, [newEvent(), newEvent()], 'none');
for await (const { revision } of store.read(stream)) if (revision === 0) break;
for await (const { caughtUp } of store.subscribe({ after: store.start, signal: new AbortController().signal })) if (caughtUp) break;
await store.close();
console.log('closed');
