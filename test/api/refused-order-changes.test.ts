import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import type { Life } from '../support/lives.ts';
import { customerOf, lineOf, merchantOf, support, testRefusals, type Attempt, type Refused } from './attempts.ts';
import { openCommandApi } from './command-api.ts';

const api = await openCommandApi();
const { lives } = api;
const unknown = randomUUID();

const byCustomer = (life: Life, more: JsonObject = {}): Attempt => ({ request: { order_id: life.orderId, ...more }, who: customerOf(life) });
const byMerchant = (life: Life, more: JsonObject = {}): Attempt => ({ request: { order_id: life.orderId, ...more }, who: merchantOf(life) });
const bySupport = (life: Life, more: JsonObject = {}): Attempt => ({ request: { order_id: life.orderId, reason: 'because', ...more }, who: support });
const parcel = (life: Life, quantity: number, more: JsonObject = {}): JsonObject => ({
  carrier: 'DHL',
  tracking_number: '0034',
  lines: [{ ...lineOf(life), quantity }],
  ...more,
});

const dispatched = async (): Promise<Life & { readonly shipmentId: string; readonly captureId: string }> => {
  const life = await lives.accepted();
  return { ...life, ...(await lives.dispatch(life)) };
};
const cancelled = async (): Promise<Life> => {
  const life = await lives.confirmed();
  await lives.cancel(life);
  return life;
};
const expired = async (): Promise<Life> => {
  const life = await lives.placed();
  await lives.expire(life);
  return life;
};
const completed = async (): Promise<Life> => {
  const life = await lives.delivered();
  await lives.complete(life);
  return life;
};
const lineCancelled = async (): Promise<Life> => {
  const life = await lives.accepted();
  await lives.cancelLine(life);
  return life;
};

const refusals: readonly Refused[] = [
  ['OrderService/CancelOrder', 'ALREADY_SHIPPED', 'something shipped', async () => byCustomer(await dispatched())],
  ['OrderService/CancelOrder', 'ORDER_ENDED', 'it has expired', async () => byCustomer(await expired())],
  ['OrderService/CancelOrder', 'ORDER_ENDED', 'it is completed', async () => byCustomer(await completed())],

  [
    'OrderService/CancelLine',
    'ORDER_NOT_CONFIRMED',
    'it is not confirmed',
    async () => lives.placed().then((life) => byCustomer(life, lineOf(life))),
  ],
  ['OrderService/CancelLine', 'ALREADY_SHIPPED', 'the line has shipped', async () => dispatched().then((life) => byCustomer(life, lineOf(life)))],
  ['OrderService/CancelLine', 'LINE_NOT_FOUND', 'it has no such line', async () => byCustomer(await lives.confirmed(), { line_id: unknown })],
  ['OrderService/CancelLine', 'ORDER_ENDED', 'it is completed', async () => completed().then((life) => byCustomer(life, lineOf(life)))],

  ...(
    [
      ['COUNTRY_CHANGED', 'it goes to another country', () => lives.confirmed(), 'AT'],
      ['ALREADY_SHIPPED', 'something shipped', dispatched, 'DE'],
      ['ORDER_CANCELLED', 'it was cancelled', cancelled, 'DE'],
    ] as const
  ).map(([code, where, life, country]): Refused => [
    'OrderService/ChangeAddress',
    code,
    where,
    async () =>
      byCustomer(await life(), {
        shipping_address: { recipient: 'A', line1: 'B 1', postal_code: '1010', city: 'C', country_code: country },
      }),
  ]),

  [
    'OrderService/AcceptLine',
    'ORDER_NOT_CONFIRMED',
    'it is not confirmed',
    async () => lives.placed().then((life) => byMerchant(life, lineOf(life))),
  ],
  ['OrderService/AcceptLine', 'LINE_CANCELLED', 'the line was cancelled', async () => lineCancelled().then((life) => byMerchant(life, lineOf(life)))],
  ['OrderService/AcceptLine', 'ORDER_CANCELLED', 'it was cancelled', async () => cancelled().then((life) => byMerchant(life, lineOf(life)))],
  ['OrderService/AcceptLine', 'LINE_NOT_FOUND', 'it has no such line', async () => byMerchant(await lives.confirmed(), { line_id: unknown })],

  [
    'OrderService/RejectLine',
    'ORDER_NOT_CONFIRMED',
    'it is not confirmed',
    async () => lives.placed().then((life) => byMerchant(life, lineOf(life))),
  ],
  ['OrderService/RejectLine', 'ALREADY_SHIPPED', 'the line has shipped', async () => dispatched().then((life) => byMerchant(life, lineOf(life)))],
  ['OrderService/RejectLine', 'LINE_NOT_FOUND', 'it has no such line', async () => byMerchant(await lives.confirmed(), { line_id: unknown })],

  ...(
    [
      ['LINE_NOT_ACCEPTED', 'its line was not accepted', () => lives.confirmed(), (life) => parcel(life, 1)],
      ['QUANTITY_TOO_HIGH', 'more is in it than is open', () => lives.accepted(), (life) => parcel(life, 3)],
      ['LINE_CANCELLED', 'its line was cancelled', lineCancelled, (life) => parcel(life, 1)],
      ['ALREADY_SHIPPED', 'its line has shipped', dispatched, (life) => parcel(life, 1)],
      ['ORDER_NOT_CONFIRMED', 'the order is not confirmed', () => lives.placed(), (life) => parcel(life, 1)],
      [
        'LINE_NOT_FOUND',
        'the order has no such line',
        () => lives.accepted(),
        (life) => parcel(life, 1, { lines: [{ line_id: unknown, quantity: 1 }] }),
      ],
      [
        'LINE_REPEATED',
        'it names a line twice',
        () => lives.accepted(),
        (life) =>
          parcel(life, 1, {
            lines: [
              { ...lineOf(life), quantity: 1 },
              { ...lineOf(life), quantity: 1 },
            ],
          }),
      ],
      [
        'FORBIDDEN',
        "another merchant's line is in it",
        () => lives.accepted(),
        (life) =>
          parcel(life, 1, {
            lines: [
              { ...lineOf(life), quantity: 1 },
              { ...lineOf(life, 1), quantity: 1 },
            ],
          }),
      ],
    ] as const satisfies readonly (readonly [string, string, () => Promise<Life>, (life: Life) => JsonObject])[]
  ).map(([code, where, prepare, request]): Refused => [
    'OrderService/DispatchShipment',
    code,
    where,
    async () => prepare().then((life) => byMerchant(life, request(life))),
  ]),
  [
    'OrderService/DispatchShipment',
    'ORDER_ON_HOLD',
    'the order is held',
    async () => {
      const life = await lives.accepted();
      await lives.hold(life.orderId);
      return byMerchant(life, parcel(life, 1));
    },
  ],
  [
    'OrderService/DispatchShipment',
    'ID_TAKEN',
    'another parcel has its id',
    async () => {
      const life = await lives.accepted();
      const { shipmentId } = await lives.dispatch(life, 0, 1);
      return byMerchant(life, parcel(life, 1, { shipment_id: shipmentId, tracking_number: 'another' }));
    },
  ],
  [
    'OrderService/DispatchShipment',
    'INVALID_REQUEST',
    'nobody says whose it is',
    async () => {
      const life = await lives.accepted();
      return { request: { order_id: life.orderId, ...parcel(life, 1) }, who: { scopes: ['fulfilment:write', 'tenants:any-merchant'] } };
    },
  ],

  ['OrderService/ConfirmDelivery', 'SHIPMENT_NOT_FOUND', 'there is no such', async () => byMerchant(await dispatched(), { shipment_id: unknown })],
  [
    'OrderService/ConfirmDelivery',
    'SHIPMENT_LOST',
    'it was lost',
    async () => {
      const life = await dispatched();
      await lives.lose(life, life.shipmentId);
      return byMerchant(life, { shipment_id: life.shipmentId });
    },
  ],
  ['OrderService/ReportShipmentLost', 'SHIPMENT_NOT_FOUND', 'there is no such', async () => bySupport(await dispatched(), { shipment_id: unknown })],
  [
    'OrderService/ReportShipmentLost',
    'ALREADY_DELIVERED',
    'it has arrived',
    async () => {
      const life = await dispatched();
      await lives.deliver(life, life.shipmentId);
      return bySupport(life, { shipment_id: life.shipmentId });
    },
  ],

  ['OrderService/HoldOrder', 'ORDER_CANCELLED', 'it was cancelled', async () => bySupport(await cancelled())],
  ['OrderService/HoldOrder', 'ALREADY_SHIPPED', 'nothing is left to hold', async () => bySupport(await lives.delivered())],
  ['OrderService/ResolveTask', 'TASK_NOT_FOUND', 'there is no such', async () => bySupport(await lives.confirmed(), { task_id: unknown })],
];

testRefusals(api, refusals);
