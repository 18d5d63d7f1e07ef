import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { PlaceOrderRequest, PlaceOrderResponse } from '../../src/contract/generated/orders/v1/orders.ts';
import { PublishOfferRequest } from '../../src/contract/generated/orders/v1/offers.ts';
import { call, failureOf, type GrpcFailure } from '../api/running-api.ts';
import { protobufJson, type RestAnswer, type Who } from '../support/clients.ts';
import { openGround, openLook, startPlatform } from '../support/platform.ts';
import { euros, placeOrderRequest, publishOfferRequest } from '../support/requests.ts';

// Whatever callers send, through either API: they hear what the error table says, nothing is written, and the process goes on.

const ground = await openGround();
const { roles, clients } = await startPlatform(ground);
const { orders, offers, rest, metadata } = clients;
const { store } = await openLook(ground);

const checkout = { role: 'checkout' } as const satisfies Who;
const [merchant, otherMerchant] = [0, 1].map(() => ({ role: 'merchant', merchantId: randomUUID() }) as const) as [Who, Who];
const publication = protobufJson('orders.v1.PublishOfferRequest', PublishOfferRequest.encode(publishOfferRequest()).finish(), 'set');
const offerId: string = (await rest(merchant, 'POST', '/v1/offers', publication)).body.offer_id;
const good = placeOrderRequest([offerId]);
const [line] = good.lines as [PlaceOrderRequest['lines'][number]];

const jsonOf = (request: PlaceOrderRequest): Record<string, unknown> =>
  protobufJson('orders.v1.PlaceOrderRequest', PlaceOrderRequest.encode(request).finish(), 'set');
const bytesOf = (request: PlaceOrderRequest): Buffer => Buffer.from(PlaceOrderRequest.encode(request).finish());
const placeByRest = (body: unknown, who: Who = checkout, headers = {}): Promise<RestAnswer> => rest(who, 'POST', '/v1/orders', body, headers);
const placeByGrpc = async (bytes: Buffer, given?: Metadata): Promise<PlaceOrderResponse> => {
  const sent = given ?? (await metadata(checkout));
  return call((done) =>
    orders.makeUnaryRequest(
      '/orders.v1.OrderService/PlaceOrder',
      (sending: Buffer) => sending,
      PlaceOrderResponse.decode,
      bytes,
      sent,
      done as never,
    ),
  );
};
/** A protobuf field whose value is these bytes. */
const protobufField = (number: number, value: string): Buffer => Buffer.from([(number << 3) | 2, value.length, ...Buffer.from(value)]);

const key = randomUUID();
const { body: placed } = await placeByRest(jsonOf(good), checkout, { 'idempotency-key': key });
const orderId: string = placed.order_id;
const { body: cancelled } = await rest(checkout, 'POST', `/v1/orders/${orderId}:cancel`, {});
assert.equal(cancelled.revision, '1', JSON.stringify({ placed, cancelled }));

type Bad = {
  readonly http: number;
  readonly grpc: status;
  readonly code: string;
  /** The code of the gRPC answer where it is another; undefined: grpc-js refuses by itself. */
  readonly reason?: string | undefined;
  readonly byRest: () => Promise<RestAnswer>;
  readonly byGrpc: () => Promise<unknown>;
};

/** Sends it through both APIs; both refuse it with their code, nothing is written, and the same process still serves. */
const refuses = (what: string, bad: Bad): void => {
  void test(`${what}: ${bad.code}`, async () => {
    const head = await store.head();
    const answer = await bad.byRest();
    assert.deepEqual([answer.status, answer.body.code], [bad.http, bad.code]);
    assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
    assert.equal(answer.headers.get('retry-after'), null);
    const failure: GrpcFailure = await failureOf(bad.byGrpc());
    assert.deepEqual([status[failure.code], failure.reason], [status[bad.grpc], 'reason' in bad ? bad.reason : bad.code]);
    assert.equal(failure.retryAfterMs, undefined);

    assert.equal(await store.head(), head, 'nothing was written');
    assert.equal((await rest(checkout, 'GET', `/v1/offers/${offerId}`)).status, 200);
    assert.equal((await roles.api.readiness()).status, 200);
  });
};

/** The same bad order through both. */
const refusesOrder = (what: string, row: Pick<Bad, 'http' | 'grpc' | 'code'>, change: Partial<PlaceOrderRequest>): void =>
  refuses(what, { ...row, byRest: () => placeByRest(jsonOf({ ...good, ...change })), byGrpc: () => placeByGrpc(bytesOf({ ...good, ...change })) });

const invalid = { http: 400, grpc: status.INVALID_ARGUMENT, code: 'INVALID_REQUEST' };
const refusal = { http: 409, grpc: status.FAILED_PRECONDITION };

refusesOrder('a missing field', invalid, { paymentMethod: '' });
refusesOrder('a missing message', invalid, { customer: undefined });
refusesOrder('a quantity of zero', invalid, { lines: [{ ...line, quantity: 0 }] });
refusesOrder('a negative quantity', invalid, { lines: [{ ...line, quantity: -1 }] });
refusesOrder('10,000 lines', invalid, { lines: Array.from({ length: 10_000 }, () => ({ ...line, offerId: '', shownUnitPrice: undefined })) });
refusesOrder('an id that is none', invalid, { lines: [{ ...line, offerId: "'; drop table log.events; --" }] });
refusesOrder('an unknown offer', { http: 404, grpc: status.NOT_FOUND, code: 'OFFER_NOT_FOUND' }, { lines: [{ ...line, offerId: randomUUID() }] });
refusesOrder('another currency', { ...refusal, code: 'CURRENCY_MISMATCH' }, { lines: [{ ...line, shownUnitPrice: euros(39_900, 'CHF') }] });
refusesOrder('another price', { ...refusal, code: 'PRICE_CHANGED' }, { lines: [{ ...line, shownUnitPrice: euros(1) }] });
refusesOrder('more than there is', { ...refusal, code: 'OUT_OF_STOCK' }, { lines: [{ ...line, quantity: 11 }] });
refusesOrder('an id that stands for another order', { http: 409, grpc: status.ALREADY_EXISTS, code: 'ID_TAKEN' }, { orderId });

refuses('a wrong type', {
  ...invalid,
  byRest: () => placeByRest({ ...jsonOf(good), lines: 'all of them' }),
  // Number 4 are the lines; a varint there is none.
  byGrpc: () => placeByGrpc(Buffer.concat([bytesOf({ ...good, lines: [] }), Buffer.from([4 << 3, 1])])),
});
refuses('text that is no JSON', {
  ...invalid,
  code: 'INVALID_JSON',
  reason: 'INVALID_PROTOBUF',
  byRest: () => placeByRest('{"customer": '),
  byGrpc: () => placeByGrpc(bytesOf(good).subarray(0, 40)),
});
refuses('an empty body', { ...invalid, byRest: () => placeByRest({}), byGrpc: () => placeByGrpc(Buffer.alloc(0)) });
refuses('another content type', {
  ...invalid,
  http: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  reason: 'INVALID_PROTOBUF',
  byRest: () => placeByRest('customer=1', checkout, { 'content-type': 'application/x-www-form-urlencoded' }),
  byGrpc: () => placeByGrpc(Buffer.from(JSON.stringify(jsonOf(good)))),
});
const huge = 'x'.repeat(5 * 1024 * 1024);
refuses('a body of 5 MiB', {
  http: 413,
  grpc: status.RESOURCE_EXHAUSTED,
  code: 'BODY_TOO_LARGE',
  byRest: () => placeByRest({ ...jsonOf(good), payment_method: huge }),
  byGrpc: () => placeByGrpc(bytesOf({ ...good, paymentMethod: huge })),
});

const withToken = (authorization: string): Metadata => {
  const given = new Metadata();
  if (authorization !== '') given.set('authorization', authorization);
  return given;
};
const unauthenticated = { http: 401, grpc: status.UNAUTHENTICATED };
const withoutRights = async (who: Who): Promise<PlaceOrderResponse> => placeByGrpc(bytesOf(good), await metadata(who));
refuses('no token', {
  ...unauthenticated,
  code: 'TOKEN_REQUIRED',
  byRest: () => placeByRest(jsonOf(good), checkout, { authorization: '' }),
  byGrpc: () => placeByGrpc(bytesOf(good), withToken('')),
});
refuses('a token that nobody signed', {
  ...unauthenticated,
  code: 'TOKEN_INVALID',
  byRest: () => placeByRest(jsonOf(good), checkout, { authorization: 'Bearer e30.e30.e30' }),
  byGrpc: () => placeByGrpc(bytesOf(good), withToken('Bearer e30.e30.e30')),
});
const forbidden = { http: 403, grpc: status.PERMISSION_DENIED };
refuses('a token without the scope', {
  ...forbidden,
  code: 'SCOPE_MISSING',
  byRest: () => placeByRest(jsonOf(good), { role: 'analytics' }),
  byGrpc: () => withoutRights({ role: 'analytics' }),
});
const stranger = { role: 'customer', customerId: randomUUID() } as const;
refuses('an order for another customer', {
  ...forbidden,
  code: 'FORBIDDEN',
  byRest: () => placeByRest(jsonOf(good), stranger),
  byGrpc: () => withoutRights(stranger),
});
refuses("a price for another merchant's offer", {
  ...forbidden,
  code: 'FORBIDDEN',
  byRest: () => rest(otherMerchant, 'POST', `/v1/offers/${offerId}:changePrice`, { unit_price: { amount_minor: 1, currency: 'EUR' } }),
  byGrpc: async () => {
    const given = await metadata(otherMerchant);
    return call((done) => offers.changePrice({ offerId, unitPrice: euros(1), requestId: '', etag: '' }, given, done));
  },
});

const cancelByGrpc = async (change: { orderId?: string; etag?: string }): Promise<unknown> => {
  const given = await metadata(checkout);
  return call((done) => orders.cancelOrder({ orderId, reason: '', requestId: '', etag: '', ...change }, given, done));
};
refuses('a key that was used for another order', {
  http: 422,
  grpc: status.ALREADY_EXISTS,
  code: 'KEY_REUSED',
  byRest: () => placeByRest({ ...jsonOf(good), payment_method: 'another' }, checkout, { 'idempotency-key': key }),
  byGrpc: () => placeByGrpc(bytesOf({ ...good, paymentMethod: 'another', requestId: key })),
});
refuses('an order that has changed since', {
  http: 412,
  grpc: status.ABORTED,
  code: 'ETAG_MISMATCH',
  byRest: () => rest(checkout, 'POST', `/v1/orders/${orderId}:cancel`, {}, { 'if-match': '"0"' }),
  byGrpc: () => cancelByGrpc({ etag: '"0"' }),
});
refuses('an unknown order', {
  http: 404,
  grpc: status.NOT_FOUND,
  code: 'ORDER_NOT_FOUND',
  byRest: () => rest(checkout, 'POST', `/v1/orders/${randomUUID()}:cancel`, {}),
  byGrpc: () => cancelByGrpc({ orderId: randomUUID() }),
});
refuses('an unknown method', {
  http: 404,
  grpc: status.UNIMPLEMENTED,
  code: 'PATH_UNKNOWN',
  reason: undefined,
  byRest: () => rest(checkout, 'GET', '/v1/nothing'),
  byGrpc: async () => {
    const given = await metadata(checkout);
    return call((done) =>
      orders.makeUnaryRequest(
        '/orders.v1.OrderService/Nothing',
        (sending: Buffer) => sending,
        (got) => got,
        Buffer.alloc(0),
        given,
        done as never,
      ),
    );
  },
});

test('a field that is not known is refused in JSON and ignored in protobuf', async () => {
  const head = await store.head();
  const answer = await placeByRest({ ...jsonOf(good), voucher: 'TEN' });
  assert.deepEqual([answer.status, answer.body.code, answer.body.fields[0].field], [400, 'INVALID_REQUEST', 'voucher']);
  assert.equal(await store.head(), head);
  assert.ok((await placeByGrpc(Buffer.concat([bytesOf(good), protobufField(15, 'TEN')]))).orderId);
  assert.ok((await store.head()) > head);
});

test('the process that began has answered all of it, and logged no failure', async () => {
  assert.equal((await rest(checkout, 'GET', `/v1/orders/${orderId}`)).body.status, 'CANCELLED');
  process.kill(roles.api.pid, 0);
  const failures = Object.values(roles).flatMap(({ lines }) => lines.filter((text) => /"level":"(error|fatal)"/.test(text) || !text.startsWith('{')));
  assert.deepEqual(failures, []);
});
