import { offers } from './offers.ts';
import { orderLines } from './order-lines.ts';
import { orders } from './orders.ts';

/** Every read model of the platform. A new one is registered here, and nowhere else. */
export const readModels = [orders, orderLines, offers] as const;
