import fc, { type Arbitrary } from 'fast-check';
import type { PlacedOrder } from '../../../src/domain/order-state.ts';
import type { RequestedReturn } from '../../../src/domain/return-state.ts';
import { customerId, merchantId, otherMerchantId } from '../examples.ts';
import type { Chance } from './chance.ts';
import type { People } from './people.ts';
import type { Simulation } from './simulation.ts';

/** One thing that somebody does at a platform; on what, follows from chance. */
export type Act = keyof typeof acts;

type Scene = { readonly simulation: Simulation; readonly people: People; readonly chance: Chance };

const minute = 60_000;
const day = 24 * 60 * minute;

const hasOpen = ({ status, lines }: PlacedOrder): boolean => status !== 'placed' && lines.some(({ open }) => open > 0);
const isOnItsWay = ({ shipments }: PlacedOrder): boolean => shipments.some(({ status }) => status === 'dispatched');
const hasArrived = ({ lines }: PlacedOrder): boolean => lines.some(({ delivered, returning }) => delivered > returning);

/** How often each act comes, beside what it does. Those on nothing that is there do nothing. */
const acts = {
  place: [
    8,
    ({ simulation, people, chance }) => {
      const offers = simulation.log.ids('offer');
      const lines = Array.from({ length: 1 + chance.below(3) }, () => ({ offerId: chance.of(offers), quantity: 1 + chance.below(2) }));
      people.place(customerId, lines);
    },
  ],
  cancel: [1, withOrder(({ people }, id) => people.cancel(id))],
  cancelLine: [2, withOrder(({ people, chance }, id, { lines }) => people.cancelLine(id, chance.of(lines)), hasOpen)],
  rejectLine: [1, withOrder(({ people, chance }, id, { lines }) => people.rejectLine(id, chance.of(lines)), hasOpen)],
  move: [1, withOrder(({ people }, id) => people.move(id))],
  hold: [1, withOrder(({ people }, id) => people.hold(id), hasOpen)],
  release: [
    2,
    withOrder(
      ({ people }, id) => people.release(id),
      ({ held }) => held !== undefined,
    ),
  ],
  accept: [8, withOrder(({ people }, id) => people.accept(id), hasOpen)],
  dispatch: [
    10,
    withOrder(({ people, chance }, id) => people.dispatch(id, chance.of([merchantId, otherMerchantId]), chance.of([1, 1_000])), hasOpen),
  ],
  deliver: [12, withOrder(({ people }, id, { shipments }) => shipments.forEach(({ shipmentId }) => people.deliver(id, shipmentId)), isOnItsWay)],
  lose: [
    2,
    withOrder(
      ({ people, chance }, id, { shipments }) => (shipments.length > 0 ? people.lose(id, chance.of(shipments).shipmentId) : undefined),
      isOnItsWay,
    ),
  ],
  resolve: [
    3,
    withOrder(
      ({ people }, id, { tasks }) => tasks.filter(({ kind }) => kind === 'RESTOCK_REFUSED').forEach(({ taskId }) => people.resolve(id, taskId)),
      ({ tasks }) => tasks.length > 0,
    ),
  ],
  requestReturn: [
    10,
    withOrder(({ people, chance }, id, { lines }) => {
      const pieces = lines
        .filter(({ delivered }) => delivered > 0 && chance.percent(70))
        .map(({ lineId }) => ({ lineId, quantity: 1 + chance.below(2) }));
      if (pieces.length > 0) people.requestReturn(id, pieces, chance.of(['WITHDRAWAL', 'WARRANTY']));
    }, hasArrived),
  ],
  approveReturn: [2, withReturn(({ people }, id) => people.approveReturn(id), 'admitted')],
  rejectReturn: [2, withReturn(({ people }, id) => people.rejectReturn(id), 'admitted')],
  receiveReturn: [12, withReturn(({ people }, id) => people.receiveReturn(id), 'approved')],
  inspectReturn: [
    12,
    withReturn(
      ({ people, chance }, id) =>
        people.inspectReturn(id, chance.of(['RESTOCK', 'SCRAP']), {
          grade: chance.of(['A', 'B', 'C']),
          deductionMinor: chance.of([0, 0, 1_000, 39_900]),
        }),
      'received',
    ),
  ],
  goodwill: [
    1,
    ({ simulation, people, chance }) => {
      const payments = simulation.log.ids('payment');
      if (payments.length > 0) people.goodwill(chance.of(payments), chance.of([500, 39_900]));
    },
  ],
  adjust: [
    1,
    ({ simulation, chance }) => {
      simulation.ask({ to: 'offer', id: chance.of(simulation.log.ids('offer')), command: { type: 'AdjustStock', difference: chance.below(5) - 2 } });
    },
  ],
  withdraw: [
    1,
    ({ simulation, chance }) => {
      if (chance.percent(20)) simulation.ask({ to: 'offer', id: chance.of(simulation.log.ids('offer')), command: { type: 'WithdrawOffer' } });
    },
  ],
  rest: [8, ({ simulation }) => simulation.settle()],
  minutes: [3, ({ simulation, chance }) => simulation.pass(chance.below(20) * minute)],
  days: [3, ({ simulation, chance }) => simulation.live(new Date(Date.parse(simulation.now()) + chance.below(4) * day).toISOString())],
} satisfies Record<string, readonly [number, (scene: Scene) => void]>;

/** Acts on one of the youngest orders, mostly one for which it makes sense. */
function withOrder(
  act: (scene: Scene, id: string, order: PlacedOrder) => unknown,
  makesSense: (order: PlacedOrder) => boolean = ({ status }) => status === 'placed' || status === 'confirmed',
): (scene: Scene) => void {
  return (scene) => {
    const { log } = scene.simulation;
    const all = log.ids('order').map((id) => ({ id, order: log.order(id) as PlacedOrder }));
    const fit = scene.chance.percent(15) ? all : all.filter(({ order }) => makesSense(order));
    if (fit.length === 0) return;
    const { id, order } = scene.chance.of(fit.slice(-3));
    act(scene, id, order);
  };
}

function withReturn(act: (scene: Scene, id: string) => unknown, ...statuses: readonly RequestedReturn['status'][]): (scene: Scene) => void {
  return (scene) => {
    const { log } = scene.simulation;
    const ids = log.ids('return');
    const fit = scene.chance.percent(15) ? ids : ids.filter((id) => statuses.includes((log.return(id) as RequestedReturn).status));
    if (fit.length > 0) act(scene, scene.chance.of(fit.slice(-3)));
  };
}

/** What happens in a stretch of time at a platform: acts of people, with the platform at work in between. */
export const lives: Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(...Object.entries(acts).map(([act, [weight]]) => ({ weight, arbitrary: fc.constant(act as Act) }))),
  { minLength: 1, maxLength: 150, size: 'max' },
);

/** Lets it happen. */
export const act = (scene: Scene, name: Act): void => {
  acts[name][1](scene);
  scene.simulation.work(scene.chance.below(30));
};
