import { accepted, rejected } from './decider.ts';
import type { OrderCommandOf, OrderDecision } from './order-commands.ts';
import { refusalOfEnded } from './order-ending.ts';
import type { OrderEventData } from './order-events.ts';
import type { PlacedOrder } from './order-state.ts';
import { after, type Timed } from './terms.ts';

/** Another address, in the country that the VAT was worked out for. */
export const changeAddress = ({ shippingAddress }: OrderCommandOf<'ChangeAddress'>, state: PlacedOrder): OrderDecision => {
  const ended = refusalOfEnded(state);
  if (ended) return ended;
  if (state.shipments.length > 0) return rejected('ALREADY_SHIPPED', 'Something of the order has shipped to its address.');
  if (shippingAddress.countryCode !== state.shippingAddress.countryCode)
    return rejected('COUNTRY_CHANGED', `The order goes to ${state.shippingAddress.countryCode}, whose VAT its prices include.`);
  // Sealed twice, the same address is another text: only a repeated command brings the same.
  if (shippingAddress.address.sealed === state.shippingAddress.address.sealed) return accepted();
  return accepted({ type: 'AddressChanged', data: { customerId: state.customerId, shippingAddress } });
};

/**
 * Stops what is still open. What is on its way, and the customer's term, run on. A hold for money that could not be taken stands
 * though everything has left: its release is support's word to try again.
 */
export const holdOrder = ({ cause, now, terms }: OrderCommandOf<'HoldOrder'>, state: PlacedOrder): OrderDecision => {
  if (state.held) return accepted();
  const ended = refusalOfEnded(state);
  if (ended) return ended;
  if (cause === 'SUPPORT' && state.lines.every(({ open }) => open === 0))
    return rejected('ALREADY_SHIPPED', 'Nothing of the order is left to hold back.');
  return accepted({ type: 'OrderHeld', data: { holdUntil: after(now, terms.holdMs), cause } });
};

export const releaseOrder = (command: OrderCommandOf<'ReleaseOrder'>, state: PlacedOrder): OrderDecision =>
  state.held ? released(state, 'SUPPORT', command) : accepted();

export const lapseHold = (command: OrderCommandOf<'LapseHold'>, state: PlacedOrder): OrderDecision =>
  state.held?.holdUntil === command.holdUntil ? released(state, 'LAPSED', command) : accepted();

/** The merchants' terms start anew. */
const released = (state: PlacedOrder, cause: OrderEventData<'HoldReleased'>['cause'], { now, terms }: Timed): OrderDecision => {
  const open = state.lines.filter((line) => line.open > 0);
  const unaccepted = state.paymentId !== undefined && open.some(({ dispatchBy }) => dispatchBy === undefined);
  const lines = open.filter(({ dispatchBy }) => dispatchBy !== undefined);
  return accepted({
    type: 'HoldReleased',
    data: {
      cause,
      ...(unaccepted ? { acceptBy: after(now, terms.acceptMs) } : {}),
      lines: lines.map(({ lineId }) => ({ lineId, dispatchBy: after(now, terms.dispatchMs) })),
    },
  });
};
