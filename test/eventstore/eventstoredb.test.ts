import { eventStoreDbName } from '../support/eventstoredb-under-test.ts';
import { eventStoreFaults } from './contract-faults.ts';
import { eventStoreContract } from './contract.ts';
import { eventStoreDbAdapter } from './eventstoredb-adapter.ts';

eventStoreContract(eventStoreDbName, eventStoreDbAdapter);
eventStoreFaults(eventStoreDbName, eventStoreDbAdapter);
