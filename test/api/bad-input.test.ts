import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { fromJson, toBinary } from '@bufbuild/protobuf';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import { PlaceOrderResponse } from '../../src/contract/generated/orders/v1/orders.ts';
import { readContract } from '../../src/api/descriptors.ts';
import { answered } from '../../src/platform/call.ts';
import { anOrder, call, customerId, failureOf, offerId, orderId, runningApi, services, type GrpcFailure } from './running-api.ts';

let placed = 0;
let last: unknown;
const { api, rest, orders, metadata } = await runningApi({
  services: services({
    'orders.v1.OrderService': {
      placeOrder: (request) => {
        placed += 1;
        last = request;
        return Promise.resolve(answered({ orderId, revision: 0n, consistencyToken: '' }));
      },
      listOrders: (request) => {
        last = request;
        return Promise.resolve(answered({ orders: [], nextPageToken: '' }));
      },
    },
  }),
});
const input = readContract(Buffer.from(descriptors, 'base64')).methods.find(({ name }) => name === 'PlaceOrder')!.input;
const [line] = anOrder.lines;

/** The same order through both APIs: as JSON, and as the protobuf bytes of that JSON. */
const place = (body: unknown) => rest('/v1/orders', { body, role: 'checkout' });
const placeBytes = async (bytes: Uint8Array): Promise<PlaceOrderResponse> => {
  const md = await metadata('checkout');
  return call((callback) =>
    orders.makeUnaryRequest(
      '/orders.v1.OrderService/PlaceOrder',
      (value: Buffer) => value,
      PlaceOrderResponse.decode,
      Buffer.from(bytes),
      md,
      callback as never,
    ),
  );
};
const bytesOf = (body: object): Uint8Array => toBinary(input, fromJson(input, body as never));
const fieldsOf = (answer: { body: { fields?: { field: string; description: string }[] } }): readonly string[] =>
  answer.body.fields?.map(({ field, description }) => `${field} ${description}`) ?? [];

const refusedByBoth = async (body: object, fields: readonly string[]): Promise<void> => {
  const before = placed;
  const answer = await place(body);
  assert.equal(answer.status, 400);
  assert.equal(answer.body.code, 'INVALID_REQUEST');
  assert.deepEqual(fieldsOf(answer), fields);
  const failure: GrpcFailure = await failureOf(placeBytes(bytesOf(body)));
  assert.equal(failure.code, status.INVALID_ARGUMENT);
  assert.equal(failure.reason, 'INVALID_REQUEST');
  assert.deepEqual(failure.fields, fields);
  assert.equal(placed, before, 'the method was not called');
};

test('an order that is as it should be arrives the same through both', async () => {
  assert.equal((await place(anOrder)).status, 201);
  const throughRest = last;
  await placeBytes(bytesOf(anOrder));
  assert.deepEqual(last, throughRest);
});

test('a missing field is named', () => {
  const { payment_method: _, ...without } = anOrder;
  return refusedByBoth(without, ['payment_method is required']);
});

test('a missing message is named', () => {
  const { customer: _, ...without } = anOrder;
  return refusedByBoth(without, ['customer is required']);
});

for (const quantity of [0, -1, 1_001]) {
  test(`a quantity of ${quantity} is refused`, () =>
    refusedByBoth({ ...anOrder, lines: [line, { ...line, quantity }] }, ['lines[1].quantity must be from 1 to 1000']));
}

test('10,000 lines are refused', () =>
  refusedByBoth({ ...anOrder, lines: Array.from({ length: 10_000 }, () => ({})) }, ['lines must have at most 100 items, not 10000']));

test('no lines are refused', () => refusedByBoth({ ...anOrder, lines: [] }, ['lines must not be empty']));

test('all violations come at once', () =>
  refusedByBoth(
    { customer: { ...anOrder.customer, email: 'nobody', language: 'English!' }, lines: [{ ...line, offer_id: 'x' }], payment_method: 'a b' },
    [
      'customer.email must be an e-mail address',
      'customer.language must be a BCP 47 language tag',
      'shipping_address is required',
      'lines[0].offer_id must be a UUID',
      "payment_method must be a payment method's token",
    ],
  ));

test('twenty violations are enough for one answer', async () => {
  const answer = await place({ ...anOrder, lines: Array.from({ length: 60 }, () => ({ ...line, quantity: 0 })) });
  assert.equal(fieldsOf(answer).length, 20);
});

test('text is measured in characters, not in UTF-16 units', async () => {
  assert.equal((await place({ ...anOrder, customer: { ...anOrder.customer, name: '🐢'.repeat(200) } })).status, 201);
  await refusedByBoth({ ...anOrder, customer: { ...anOrder.customer, name: '🐢'.repeat(201) } }, ['customer.name must have at most 200 characters']);
});

test('NUL in text is refused', () =>
  refusedByBoth({ ...anOrder, customer: { ...anOrder.customer, name: 'a\0b' } }, ['customer.name must be text without NUL and unpaired surrogates']));

test('an unpaired surrogate is refused', async () => {
  const answer = await place(JSON.stringify(anOrder).replace('Ada Lovelace', '\\ud800'));
  assert.deepEqual(fieldsOf(answer), ['customer.name must be text without NUL and unpaired surrogates']);
});

test('ids are lower-cased', async () => {
  await place({ ...anOrder, customer: { ...anOrder.customer, customer_id: customerId.toUpperCase() } });
  assert.equal((last as { customer: { customerId: string } }).customer.customerId, customerId);
});

test('an unknown field is refused in JSON, wherever it is', async () => {
  const answer = await place({ ...anOrder, colour: 'red', lines: [{ ...line, gift: true }] });
  assert.equal(answer.status, 400);
  assert.deepEqual(fieldsOf(answer), ['lines[0].gift is not a known field', 'colour is not a known field']);
});

test('an unknown field is ignored in protobuf', async () => {
  const before = placed;
  await placeBytes(Buffer.concat([bytesOf(anOrder), Buffer.from([0xa2, 0x06, 3, 1, 2, 3])]));
  assert.equal(placed, before + 1);
});

test('an unknown enum value is refused in protobuf', async () => {
  const md = await metadata('merchant');
  const publishing = call<unknown>((callback) =>
    orders.makeUnaryRequest(
      '/orders.v1.OfferService/PublishOffer',
      (value: Buffer) => value,
      (bytes) => bytes,
      Buffer.from([5 << 3, 77]),
      md,
      callback as never,
    ),
  );
  assert.ok((await failureOf(publishing)).fields.includes('grade must be one of A, B, C'));
});

const wrongTypes: readonly (readonly [string, object, string])[] = [
  ['a number where text belongs', { payment_method: 5 }, 'payment_method must be text, not a number'],
  ['text where a number belongs', { lines: [{ ...line, quantity: '1' }] }, 'lines[0].quantity must be a whole number, not a string'],
  ['true where a number belongs', { lines: [{ ...line, quantity: true }] }, 'lines[0].quantity must be a whole number, not a boolean'],
  ['half a piece', { lines: [{ ...line, quantity: 1.5 }] }, 'lines[0].quantity must be a whole number from -2147483648 to 2147483647'],
  ['a list where text belongs', { payment_method: ['pm'] }, 'payment_method must be text, not a list'],
  ['null', { payment_method: null }, 'payment_method must be text, not null'],
  ['text where a message belongs', { customer: 'Ada' }, 'customer must be an object, not a string'],
  ['a list where a message belongs', { customer: [] }, 'customer must be an object, not a list'],
  ['an object where a list belongs', { lines: { 0: line } }, 'lines must be a list, not an object'],
  ['null among lines', { lines: [null] }, 'lines[0] must be an object, not null'],
  [
    'an amount beyond what JSON numbers hold',
    { lines: [{ ...line, shown_unit_price: { amount_minor: 2 ** 60, currency: 'EUR' } }] },
    'lines[0].shown_unit_price.amount_minor must be a whole number of 64 bits, as text where it is beyond 2^53',
  ],
  [
    'an amount in words',
    { lines: [{ ...line, shown_unit_price: { amount_minor: 'many', currency: 'EUR' } }] },
    'lines[0].shown_unit_price.amount_minor must be a whole number of 64 bits, as text where it is beyond 2^53',
  ],
];
for (const [what, part, violation] of wrongTypes) {
  test(`${what} is refused`, async () => {
    const answer = await place({ ...anOrder, ...part });
    assert.equal(answer.status, 400);
    assert.deepEqual(fieldsOf(answer), [violation]);
  });
}

test('both forms of a 64-bit number are taken', async () => {
  for (const amount_minor of [39_900, '39900']) {
    await place({ ...anOrder, lines: [{ ...line, shown_unit_price: { amount_minor, currency: 'EUR' } }] });
    assert.equal((last as { lines: { shownUnitPrice: { amountMinor: bigint } }[] }).lines[0]?.shownUnitPrice.amountMinor, 39_900n);
  }
});

test('a key named __proto__ is an unknown field like any other', async () => {
  assert.deepEqual(fieldsOf(await place(`{"__proto__": {"payment_method": "x"}, ${JSON.stringify(anOrder).slice(1)}`)), [
    '__proto__ is not a known field',
  ]);
});

for (const [what, body] of [
  ['broken JSON', '{"customer":'],
  ['a list', '[]'],
  ['null', 'null'],
  ['text', '"order"'],
] as const) {
  test(`${what} instead of an object is refused`, async () => {
    const answer = await place(body);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.code, 'INVALID_JSON');
  });
}

test('bytes that are not UTF-8 are refused by both', async () => {
  const answer = await place(Buffer.from(JSON.stringify(anOrder).replace('’', '').replace('London', 'Lond\xf6n'), 'latin1'));
  assert.equal(answer.body.code, 'INVALID_JSON');
  const failure = await failureOf(placeBytes(Buffer.from([0x2a, 2, 0xff, 0xfe])));
  assert.equal(failure.reason, 'INVALID_PROTOBUF');
});

test('broken protobuf is INVALID_ARGUMENT', async () => {
  for (const bytes of [[0x2a, 0x7f, 1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x2a]]) {
    const failure = await failureOf(placeBytes(Buffer.from(bytes)));
    assert.equal(failure.code, status.INVALID_ARGUMENT);
    assert.equal(failure.reason, 'INVALID_PROTOBUF');
  }
});

test('a body of 5 MiB is 413, and RESOURCE_EXHAUSTED without a word of trying again', async () => {
  const big = 'x'.repeat(5 * 1024 * 1024);
  const answer = await place({ ...anOrder, payment_method: big });
  assert.equal(answer.status, 413);
  assert.equal(answer.body.code, 'BODY_TOO_LARGE');
  assert.equal(answer.headers.get('retry-after'), null);
  const failure = await failureOf(placeBytes(Buffer.from(big)));
  assert.equal(failure.code, status.RESOURCE_EXHAUSTED);
  assert.equal(failure.retryAfterMs, undefined);
});

test('parameters of the query are read by their types', async () => {
  const answer = await rest(`/v1/orders?status=PLACED&page_size=7&customer_id=${customerId.toUpperCase()}`);
  assert.equal(answer.status, 200);
  assert.deepEqual(last, { customerId, merchantId: '', status: 'PLACED', pageSize: 7, pageToken: '' });
});

for (const [query, violation] of [
  ['page_size=ten', 'page_size must be a number'],
  ['page_size=', 'page_size must be a number'],
  ['page_size=0', 'page_size must be from 1 to 200'],
  ['page_size=1e1', 'page_size must be a number'],
  ['page_size=5&page_size=6', 'page_size is given more than once'],
  ['status=placed', 'status must be one of PLACED, CONFIRMED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, COMPLETED, CANCELLED, EXPIRED'],
  ['customer_id=me', 'customer_id must be a UUID'],
  ['color=red', 'color is not a known query parameter'],
] as const) {
  test(`?${query} is refused`, async () => {
    const answer = await rest(`/v1/orders?${query}`);
    assert.equal(answer.status, 400);
    assert.deepEqual(fieldsOf(answer), [violation]);
  });
}

test('what the path gives is checked, and not taken from the body as well', async () => {
  assert.deepEqual(fieldsOf(await rest('/v1/orders/42')), ['order_id must be a UUID']);
  assert.deepEqual(fieldsOf(await rest(`/v1/orders/${orderId}:cancel`, { body: { order_id: orderId } })), ['order_id is given by the path']);
});

test('both servers live on after bytes that are no protocol of theirs', async () => {
  for (const port of [api.grpcPort, Number(new URL(api.httpUrl).port)]) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from(`\0\u0001garbage ${offerId}\r\n\r\n`.repeat(50)));
    socket.resume();
    await once(socket, 'close');
  }
  assert.equal((await place(anOrder)).status, 201);
  await placeBytes(bytesOf(anOrder));
});
