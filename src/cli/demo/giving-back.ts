import { randomUUID } from 'node:crypto';
import { chance, oneOf } from './chance.ts';
import type { Found } from './commands.ts';
import { short, type Living } from './living.ts';
import { textOf, type Message } from './messages.ts';

const patienceMs = 30_000;

/** The customer sends one piece back; its merchant decides, receives and inspects it. */
export const returnGoods = async ({ orderId, person, fate, tale, lines, act, tell, think }: Living): Promise<void> => {
  if (!tale.heard.some(({ name }) => name === 'order-delivered') || !(await think(500, 3_000))) return;
  const cancelled = new Set(tale.heard.filter(({ name }) => name === 'line-cancelled').map(({ data }) => data['line_id']));
  const kept = lines.filter(({ lineId }) => !cancelled.has(lineId));
  if (kept.length === 0) return;
  const { lineId, merchantId, title, grade, unitPriceMinor } = oneOf(kept);
  const as = { merchantId };
  const returnId = randomUUID();
  const isClaim = fate === 'claimed';
  const reason = isClaim
    ? oneOf(['Battery lasts an hour', 'Does not charge', 'Screen flickers'])
    : oneOf(['Smaller than I thought', 'Do not need it', 'Too slow']);
  const requested = await act({
    type: 'RequestReturn',
    as: { customerId: person.customerId },
    orderId,
    returnId,
    kind: isClaim ? 'WARRANTY' : 'WITHDRAWAL',
    lines: [{ lineId, quantity: 1 }],
    reason,
  });
  if (requested.kind !== 'answered') return;
  tell({ label: 'return', what: `${short(orderId)}  ${title}: “${reason}”`, tail: isClaim ? 'claim' : 'withdrawal' });
  const said =
    (...names: readonly string[]) =>
    ({ name, data }: Message): boolean =>
      names.includes(name) && data['return_id'] === returnId;

  if (isClaim) {
    if (!(await tale.until(said('return-admitted', 'return-rejected'), patienceMs)) || !(await think(500, 3_000))) return;
    if (chance(0.4)) {
      const because = 'It was dropped';
      await act({ type: 'RejectReturn', as, returnId, reason: because });
      return tell({ label: 'return', what: `${short(orderId)}  not taken back: “${because}”`, tail: 'merchant' });
    }
    // The others approve, or wait until the claim is approved for them.
    if (chance(0.7)) await act({ type: 'ApproveReturn', as, returnId });
  }
  const approved = await tale.until(said('return-approved', 'return-rejected'), patienceMs);
  if (approved?.name !== 'return-approved' || !(await think(1_000, 4_000))) return;
  if ((await act({ type: 'ReceiveReturn', as, returnId })).kind !== 'answered' || !(await think(500, 3_000))) return;
  const isGood = chance(0.7);
  const share = chance(0.5) ? 0 : isGood ? 0.1 : 0.4;
  const found: Found = {
    lineId,
    quantity: 1,
    ...(isGood ? { outcome: 'RESTOCK', grade: chance(0.8) ? grade : 'C' } : { outcome: 'SCRAP' }),
    deductionMinor: Math.round((unitPriceMinor * share) / 100) * 100,
  };
  const looks = share === 0 ? 'As good as new' : 'Scratches on the back';
  await act({ type: 'InspectReturn', as, returnId, lines: [found], reason: looks });
  const closed = await tale.until(said('return-closed'), patienceMs);
  if (closed)
    tell({ label: 'return', what: `${short(orderId)}  ${isGood ? 'on sale again' : 'scrapped'}: “${looks}”`, tail: textOf(closed, 'cause') });
};
