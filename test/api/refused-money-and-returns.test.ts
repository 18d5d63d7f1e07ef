import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import type { Life } from '../support/lives.ts';
import { customerOf, lineOf, merchantOf, support, testRefusals, type Attempt, type Refused } from './attempts.ts';
import { openCommandApi } from './command-api.ts';

const api = await openCommandApi();
const { ask, lives } = api;
const unknown = randomUUID();
const euros = (amountMinor: number, currency = 'EUR'): JsonObject => ({ amount_minor: String(amountMinor), currency });

const dispatched = async (): Promise<Life & { readonly shipmentId: string; readonly captureId: string }> => {
  const life = await lives.accepted();
  return { ...life, ...(await lives.dispatch(life)) };
};
/** A return at some point of its life, and what its merchant or support asks of it. */
const ofReturn = async (life: Life, returnId: string, more: JsonObject = {}): Promise<Attempt> =>
  Promise.resolve({ request: { return_id: returnId, ...more }, who: merchantOf(life) });
const askedBack = async (kind: 'WITHDRAWAL' | 'WARRANTY', until: 'requested' | 'admitted') => {
  const life = await lives.delivered();
  const returnId = await lives.askBack(life, kind);
  if (until === 'admitted') await lives.admit(life, returnId);
  return { life, returnId };
};
const rejectedReturn = async () => {
  const { life, returnId } = await askedBack('WARRANTY', 'admitted');
  await lives.rejectReturn(life, returnId);
  return { life, returnId };
};
const receivedReturn = async () => {
  const life = await lives.delivered();
  return { life, returnId: await lives.received(life) };
};
const found = (life: Life, quantity: number, more: JsonObject = {}): JsonObject => ({ ...lineOf(life), quantity, outcome: 'SCRAP', ...more });
const back = (life: Life, kind: string, lines: readonly JsonObject[], more: JsonObject = {}): Attempt => ({
  request: { order_id: life.orderId, kind, lines: [...lines], ...more },
  who: customerOf(life),
});

const refusals: readonly Refused[] = [
  ...(
    [
      ['REFUND_TOO_HIGH', 'more is asked for than was captured', euros(4 * 39_900 + 1)],
      ['CURRENCY_MISMATCH', 'it is in another currency', euros(1_000, 'CHF')],
      ['INVALID_REQUEST', 'nothing is asked for', euros(0)],
    ] as const
  ).map(([code, where, amount]): Refused => [
    'PaymentService/RefundPayment',
    code,
    where,
    async () => ({ request: { payment_id: (await lives.delivered()).paymentId, amount, reason: 'because' }, who: support }),
  ]),

  ...(
    [
      ['NOT_DELIVERED', 'nothing has arrived', dispatched, (life) => [{ ...lineOf(life), quantity: 1 }]],
      ['RETURNED_TOO_MANY', 'more goes back than arrived', () => lives.delivered(), (life) => [{ ...lineOf(life), quantity: 3 }]],
      ['LINE_NOT_FOUND', 'the order has no such line', () => lives.delivered(), () => [{ line_id: unknown, quantity: 1 }]],
      [
        'LINE_REPEATED',
        'a line is named twice',
        () => lives.delivered(),
        (life) => [
          { ...lineOf(life), quantity: 1 },
          { ...lineOf(life), quantity: 1 },
        ],
      ],
      [
        'SEVERAL_MERCHANTS',
        'it is of several merchants',
        () => lives.delivered(),
        (life) => [
          { ...lineOf(life), quantity: 1 },
          { ...lineOf(life, 1), quantity: 1 },
        ],
      ],
    ] as const satisfies readonly (readonly [string, string, () => Promise<Life>, (life: Life) => readonly JsonObject[]])[]
  ).map(([code, where, prepare, lines]): Refused => [
    'ReturnService/RequestReturn',
    code,
    where,
    async () => prepare().then((life) => back(life, 'WITHDRAWAL', lines(life))),
  ]),
  [
    'ReturnService/RequestReturn',
    'ID_TAKEN',
    'another return has its id',
    async () => {
      const { life, returnId } = await askedBack('WARRANTY', 'requested');
      return back(life, 'WITHDRAWAL', [{ ...lineOf(life, 1), quantity: 1 }], { return_id: returnId });
    },
  ],
  [
    'ReturnService/RequestReturn',
    'WITHDRAWAL_OVER',
    'the time to withdraw is over',
    async () => {
      const life = await lives.delivered();
      api.later(16);
      return back(life, 'WITHDRAWAL', [{ ...lineOf(life), quantity: 1 }]);
    },
  ],
  [
    'ReturnService/RequestReturn',
    'WARRANTY_OVER',
    'the warranty is over',
    async () => {
      const life = await lives.delivered();
      api.later(366);
      return back(life, 'WARRANTY', [{ ...lineOf(life), quantity: 1 }]);
    },
  ],

  [
    'ReturnService/ApproveReturn',
    'RETURN_NOT_ADMITTED',
    'the order has not admitted it',
    async () => askedBack('WARRANTY', 'requested').then(({ life, returnId }) => ofReturn(life, returnId)),
  ],
  [
    'ReturnService/ApproveReturn',
    'RETURN_REJECTED',
    'it was rejected',
    async () => rejectedReturn().then(({ life, returnId }) => ofReturn(life, returnId)),
  ],
  [
    'ReturnService/RejectReturn',
    'WITHDRAWAL_IS_A_RIGHT',
    'it is a withdrawal',
    async () => askedBack('WITHDRAWAL', 'requested').then(({ life, returnId }) => ofReturn(life, returnId, { reason: 'no' })),
  ],
  [
    'ReturnService/RejectReturn',
    'RETURN_NOT_ADMITTED',
    'the order has not admitted it',
    async () => askedBack('WARRANTY', 'requested').then(({ life, returnId }) => ofReturn(life, returnId, { reason: 'no' })),
  ],
  [
    'ReturnService/RejectReturn',
    'RETURN_APPROVED',
    'it was approved',
    async () => {
      const { life, returnId } = await askedBack('WARRANTY', 'admitted');
      await lives.approveReturn(life, returnId);
      return ofReturn(life, returnId, { reason: 'no' });
    },
  ],
  [
    'ReturnService/ReceiveReturn',
    'RETURN_NOT_APPROVED',
    'it was not approved',
    async () => askedBack('WARRANTY', 'admitted').then(({ life, returnId }) => ofReturn(life, returnId)),
  ],
  [
    'ReturnService/ReceiveReturn',
    'RETURN_REJECTED',
    'it was rejected',
    async () => rejectedReturn().then(({ life, returnId }) => ofReturn(life, returnId)),
  ],
  [
    'ReturnService/InspectReturn',
    'RETURN_NOT_RECEIVED',
    'the goods are not back',
    async () => askedBack('WITHDRAWAL', 'admitted').then(({ life, returnId }) => ofReturn(life, returnId, { lines: [found(life, 2)] })),
  ],
  [
    'ReturnService/InspectReturn',
    'RETURN_REJECTED',
    'it was rejected',
    async () => rejectedReturn().then(({ life, returnId }) => ofReturn(life, returnId, { lines: [found(life, 2)] })),
  ],
  ...(
    [
      ['INSPECTION_INCOMPLETE', 'a piece is missing', (life) => [found(life, 1)]],
      ['DEDUCTION_TOO_HIGH', 'more is deducted than was paid', (life) => [found(life, 2, { deduction: euros(2 * 39_900 + 1) })]],
      ['CURRENCY_MISMATCH', 'a deduction is in another currency', (life) => [found(life, 2, { deduction: euros(1, 'CHF') })]],
      ['LINE_NOT_FOUND', 'it is about another line', (life) => [found(life, 2), found(life, 2, lineOf(life, 1))]],
      ['LINE_REPEATED', 'pieces with one outcome are named twice', (life) => [found(life, 1), found(life, 1)]],
    ] as const satisfies readonly (readonly [string, string, (life: Life) => readonly JsonObject[]])[]
  ).map(([code, where, lines]): Refused => [
    'ReturnService/InspectReturn',
    code,
    where,
    async () => receivedReturn().then(({ life, returnId }) => ofReturn(life, returnId, { lines: [...lines(life)] })),
  ]),
  [
    'ReturnService/InspectReturn',
    'RETURN_INSPECTED',
    'it was inspected with another outcome',
    async () => {
      const { life, returnId } = await receivedReturn();
      const first = await ask('grpc', 'ReturnService/InspectReturn', { return_id: returnId, lines: [found(life, 2)] }, merchantOf(life));
      assert.ok('message' in first);
      return ofReturn(life, returnId, { lines: [found(life, 2, { deduction: euros(1) })] });
    },
  ],

  [
    'CustomerService/PlaceLegalHold',
    'HOLD_ALREADY_PLACED',
    'it stands for something else',
    async () => {
      const customerId = randomUUID();
      const holdId = await lives.placeLegalHold(customerId);
      return { request: { customer_id: customerId, hold_id: holdId, kind: 'OTHER', reason: 'because' }, who: support };
    },
  ],
  [
    'CustomerService/PlaceLegalHold',
    'HOLD_LIFTED',
    'it was lifted',
    async () => {
      const customerId = randomUUID();
      const holdId = await lives.placeLegalHold(customerId);
      const lift = { customer_id: customerId, hold_id: holdId, reason: 'settled' };
      assert.ok('message' in (await ask('rest', 'CustomerService/LiftLegalHold', lift, support)));
      return { request: { customer_id: customerId, hold_id: holdId, kind: 'CLAIM', reason: 'because' }, who: support };
    },
  ],

  ...['RecordCaptured', 'RecordCaptureFailed', 'RecordRefunded', 'RecordRefundFailed'].map((name): Refused => {
    const part = name.startsWith('RecordCapture') ? 'capture' : 'refund';
    const told: JsonObject = name.endsWith('Failed') ? { code: 'declined' } : { provider_reference: 'ref' };
    return [
      `PaymentRecordService/${name}`,
      `${part.toUpperCase()}_NOT_FOUND`,
      'nobody asked for it',
      async () => ({ request: { payment_id: (await lives.confirmed()).paymentId, [`${part}_id`]: unknown, ...told }, who: { role: 'worker' } }),
    ];
  }),
];

testRefusals(api, refusals);
