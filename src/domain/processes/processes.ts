import { fulfilment } from './fulfilment.ts';
import { placement } from './placement.ts';
import { returning } from './returns.ts';

/** The processes that run wherever orders are placed. The sandbox is none of them: it stands in for the payments worker. */
export const processes = [placement, fulfilment, returning] as const;
