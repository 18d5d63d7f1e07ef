import { eventStoreModel } from './model.ts';
import { postgresAdapter } from './postgres-adapter.ts';

eventStoreModel('PostgreSQL', postgresAdapter);
