import { eventStoreContract } from './contract.ts';
import { postgresAdapter } from './postgres-adapter.ts';

eventStoreContract('PostgreSQL', postgresAdapter);
