import { randomUUID } from 'node:crypto';
import { between, chance, oneOf } from './chance.ts';
import type { OrderedLine } from './api.ts';
import type { Command, Pieces } from './commands.ts';
import { short, type Living } from './living.ts';
import { merchants } from './articles.ts';
import type { Message } from './messages.ts';
import { isEnd } from './tales.ts';

const carriers = ['DHL', 'GLS', 'PostNL', 'Colissimo', 'UPS'];

/** Every merchant of the order works on its own lines, side by side with the others. */
export const shipGoods = async (living: Living): Promise<void> => {
  const ofMerchants = [...Map.groupBy(living.lines, ({ merchantId }) => merchantId)];
  await Promise.all(ofMerchants.map(([merchantId, lines], index) => ship(living, merchantId, lines, index === 0)));
};

/** What went wrong happens to the first merchant. */
const ship = async (living: Living, merchantId: string, lines: readonly OrderedLine[], isFirst: boolean): Promise<void> => {
  const { orderId, fate, act, tell, think, tale } = living;
  const as = { merchantId };
  const name = merchants.find((merchant) => merchant.merchantId === merchantId)?.name ?? 'merchant';
  if (isFirst && fate === 'ignored') return tell({ label: 'line', what: `${short(orderId)}  nobody looks at it`, tail: name });
  if (!(await think(300, 2_500))) return;
  let accepted: readonly OrderedLine[] = fate === 'line cancelled' ? lines.filter(({ lineId }) => lineId !== living.lines[0]!.lineId) : lines;
  if (isFirst && fate === 'line rejected') {
    const [broken, ...others] = lines as readonly [OrderedLine, ...OrderedLine[]];
    const reason = 'Broke on the last check';
    const reply = await act({ type: 'RejectLine', as, orderId, lineId: broken.lineId, reason });
    if (reply.kind === 'answered') tell({ label: 'line', what: `${short(orderId)}  without ${broken.title}: “${reason}”`, tail: name });
    accepted = others;
  }
  for (const { lineId } of accepted) if ((await act({ type: 'AcceptLine', as, orderId, lineId })).kind !== 'answered') return;

  const parcels = parcelsOf(accepted);
  for (const [index, pieces] of parcels.entries()) {
    if (!(await think(400, 2_500))) return;
    const shipmentId = randomUUID();
    const carrier = oneOf(carriers);
    const trackingNumber = `${carrier.slice(0, 2).toUpperCase()}${between(1e9, 9e9)}`;
    if (!(await dispatched(living, { type: 'DispatchShipment', as, orderId, shipmentId, carrier, trackingNumber, lines: pieces }))) return;
    const which = parcels.length > 1 ? `parcel ${index + 1} of ${parcels.length}` : 'a parcel';
    tell({ label: 'shipped', what: `${short(orderId)}  ${which} with ${carrier}`, tail: name });
    const strays = isFirst && index === 0;
    if (strays && fate === 'overdue') {
      const overdue = await tale.until(({ name: said, data }) => said === 'support-task-raised' && data['kind'] === 'NOT_DELIVERED', 45_000);
      if (!overdue) continue;
    } else if (!(await think(800, 4_000))) return;
    if (strays && (fate === 'lost' || fate === 'overdue')) {
      const reason = 'The carrier cannot find it';
      const reported = await act({ type: 'ReportShipmentLost', as: 'support', orderId, shipmentId, reason });
      if (reported.kind === 'answered') tell({ label: 'support', what: `${short(orderId)}  a parcel is lost: “${reason}”`, tail: 'support' });
    } else await act({ type: 'ConfirmDelivery', as, orderId, shipmentId });
  }
};

/** Sends the parcel off; while the order is held it waits for the release. */
const dispatched = async ({ act, tale }: Living, command: Command): Promise<boolean> => {
  for (;;) {
    const releases = tale.heard.filter(({ name }) => name === 'order-released').length;
    const reply = await act(command);
    if (reply.kind !== 'refused' || reply.code !== 'ORDER_ON_HOLD') return reply.kind === 'answered';
    const isReleased = (message: Message): boolean =>
      isEnd(message) ||
      (message.name === 'order-released' && tale.heard.filter(({ name }) => name === 'order-released').indexOf(message) >= releases);
    if (!(await tale.until(isReleased, 45_000))) return false;
  }
};

/** All in one parcel, or in two where there is enough. */
const parcelsOf = (lines: readonly OrderedLine[]): readonly (readonly Pieces[])[] => {
  const pieces = lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  const [first, ...others] = pieces;
  if (!first) return [];
  if (chance(0.5)) return [pieces];
  if (first.quantity > 1) return [[{ ...first, quantity: 1 }], [{ ...first, quantity: first.quantity - 1 }, ...others]];
  return others.length > 0 ? [[first], others] : [pieces];
};
