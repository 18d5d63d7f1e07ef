import { eventStoreDbName } from '../support/eventstoredb-under-test.ts';
import { eventStoreDbAdapter } from './eventstoredb-adapter.ts';
import { eventStoreModel } from './model.ts';

eventStoreModel(eventStoreDbName, eventStoreDbAdapter);
