import { eventStoreFaults } from './contract-faults.ts';
import { eventStoreContract } from './contract.ts';
import { postgresAdapter } from './postgres-adapter.ts';

eventStoreContract('PostgreSQL', postgresAdapter);
eventStoreFaults('PostgreSQL', postgresAdapter);
