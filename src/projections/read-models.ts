import { deadlines } from './deadlines.ts';
import { offers } from './offers.ts';
import { orders } from './orders.ts';
import { payments } from './payments.ts';
import { returns } from './returns.ts';

/** Every read model of the platform. A new one is registered here, and nowhere else. */
export const readModels = [orders, offers, payments, returns, deadlines] as const;
