import { Type } from 'typebox';
import { accepted, rejected, type Decider } from './decider.ts';
import { event, Uuid, type EventIn } from './event.ts';

const HoldKind = Type.Union([Type.Literal('DISPUTE'), Type.Literal('CLAIM'), Type.Literal('AUTHORITY'), Type.Literal('OTHER')]);

/** What can happen to a customer. Why, in words, is the sealed reason of the command. */
export const customerEvents = [
  event('LegalHoldPlaced', {
    version: 1,
    means: "The customer's data must be kept, whatever is asked, until the hold is lifted.",
    data: { holdId: Uuid, kind: HoldKind },
  }),
  event('LegalHoldLifted', { version: 1, means: 'This hold is no reason to keep the data any more.', data: { holdId: Uuid } }),
] as const;
export type CustomerEvent = EventIn<typeof customerEvents>;

type Placed = Extract<CustomerEvent, { type: 'LegalHoldPlaced' }>['data'];

export type CustomerCommand = ({ readonly type: 'PlaceLegalHold' } & Readonly<Placed>) | { readonly type: 'LiftLegalHold'; readonly holdId: string };

export type LegalHold = Readonly<Placed> & { readonly status: 'placed' | 'lifted' };

/** What the platform decides about a customer; who somebody is stands in no stream. */
export type Customer = { readonly holds: readonly LegalHold[] };

export type CustomerCode = 'HOLD_NOT_FOUND' | 'HOLD_ALREADY_PLACED' | 'HOLD_LIFTED';

/** Legal holds. Always: a hold is placed once and lifted once. */
export const customer: Decider<Customer, CustomerCommand, CustomerEvent, CustomerCode> = {
  initial: { holds: [] },

  decide(command, state) {
    const known = state.holds.find(({ holdId }) => holdId === command.holdId);
    switch (command.type) {
      case 'PlaceLegalHold': {
        const { holdId, kind } = command;
        if (known?.status === 'lifted') return rejected('HOLD_LIFTED', 'This hold was lifted; place a new one.');
        if (known && known.kind !== kind) return rejected('HOLD_ALREADY_PLACED', `This hold was placed as ${known.kind}.`);
        if (known) return accepted();
        return accepted({ type: 'LegalHoldPlaced', data: { holdId, kind } });
      }
      case 'LiftLegalHold': {
        if (!known) return rejected('HOLD_NOT_FOUND', 'No such hold has been placed.');
        if (known.status === 'lifted') return accepted();
        return accepted({ type: 'LegalHoldLifted', data: { holdId: known.holdId } });
      }
    }
  },

  evolve(state, { type, data }) {
    switch (type) {
      case 'LegalHoldPlaced':
        return { holds: [...state.holds, { ...data, status: 'placed' }] };
      case 'LegalHoldLifted':
        return { holds: state.holds.map((hold) => (hold.holdId === data.holdId ? { ...hold, status: 'lifted' } : hold)) };
    }
  },
};
