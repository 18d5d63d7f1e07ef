import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { LegalHold_Kind } from '../../src/contract/generated/orders/v1/customers.ts';
import { ChangeAddressRequest, PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { Return_Kind } from '../../src/contract/generated/orders/v1/returns.ts';
import { customerStream, orderStream, paymentStream, returnStream } from '../../src/domain/ids.ts';
import type { Sealed } from '../../src/domain/event.ts';
import { opener } from '../../src/privacy/sealing.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, offerOf, openCommandProcess, refusalOf, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { livesIn } from '../support/lives.ts';
import { euros, personal, placeOrderRequest } from '../support/requests.ts';

const reason = 'Frau Müller-Ölschläger rief an: sie zieht um';

/** Fails when any of the personal texts, or a telling part of one, stands in the text. */
const assertImpersonal = (text: string): void => {
  const parts = [...Object.values(personal), reason].flatMap((each) => [each, ...each.split(' ').filter((word) => word.length > 5)]);
  for (const part of parts) {
    for (const form of [part, JSON.stringify(part).slice(1, -1), Buffer.from(part).toString('base64url').slice(0, -2)])
      assert.ok(!text.includes(form), `'${part}' stands in clear`);
  }
};

describe('personal data', () => {
  let database: TestDatabase;
  let here: CommandProcess;
  let owner: pg.Client;
  const logged: string[] = [];
  before(async () => {
    database = await testDatabase();
    const destination = new Writable({ write: (chunk, _, done) => (logged.push(String(chunk)), done()) });
    here = openCommandProcess(database, { logger: pino({ level: 'trace' }, destination) });
    owner = new pg.Client({ connectionString: database.keysOwnerUrl });
    await owner.connect();
  });
  after(async () => {
    await here.close();
    await owner.end();
    await database.drop();
  });

  const erase = (subject: string) => owner.query('update privacy.keys set wrapped = null, erased_at = now() where subject = $1', [subject]);
  const anOrder = async () => {
    const customerId = randomUUID();
    const { offerId } = await offerOf(here);
    const request = placeOrderRequest([offerId], { customerId, requestId: randomUUID() });
    const { orderId } = answerOf(await here.placeOrder(request, callAs('checkout')));
    return { customerId, offerId, orderId, request, stream: orderStream(orderId) };
  };
  const open = async (...values: readonly Sealed[]) =>
    (await opener(here.keys)(values)).map((value) => (value.kind === 'open' ? value.text : value.kind));

  test("is stored sealed under its customer's key, each value as its own field", async () => {
    const { stream, customerId } = await anOrder();
    const [placed] = await here.eventsOf(stream);
    assertImpersonal(JSON.stringify(placed));
    const { contact, shippingAddress } = placed!.data as {
      contact: { name: Sealed; email: Sealed; language: string };
      shippingAddress: { address: Sealed; countryCode: string };
    };
    assert.deepEqual(
      [contact.name, contact.email, shippingAddress.address].map(({ subject, field }) => [subject, field]),
      [
        [customerId, 'name'],
        [customerId, 'email'],
        [customerId, 'shipping_address'],
      ],
    );
    const { name, email, ...address } = personal;
    const [openName, openEmail, openAddress] = await open(contact.name, contact.email, shippingAddress.address);
    assert.deepEqual([openName, openEmail, JSON.parse(openAddress!)], [name, email, address]);
    assert.deepEqual([contact.language, shippingAddress.countryCode], ['de', 'DE']);
  });

  test("keeps a reason about an order sealed under its customer's key, beside the event", async () => {
    const { stream, orderId, customerId } = await anOrder();
    answerOf(await here.cancelOrder({ orderId, reason, requestId: '', etag: '' }, callAs('support')));
    const cancelled = (await here.eventsOf(stream))[1]!;
    assertImpersonal(JSON.stringify(cancelled));
    assert.partialDeepStrictEqual(cancelled.meta.reason, { subject: customerId, field: 'reason' });
    assert.deepEqual(await open(cancelled.meta.reason!), [reason]);
  });

  test('of a new address is sealed as the first one was, and hashed under its key', async () => {
    const { stream, orderId, customerId } = await anOrder();
    const { name: _, email: __, ...address } = personal;
    const request = { orderId, shippingAddress: { ...address, line2: 'Seitenflügel', countryCode: 'DE' }, requestId: '', etag: '' };
    answerOf(await here.changeAddress(request, callAs('customer', { customerId })));
    const changed = (await here.eventsOf(stream))[1]!;
    assertImpersonal(JSON.stringify(changed));
    const { address: sealed } = (changed.data as { shippingAddress: { address: Sealed } }).shippingAddress;
    assert.deepEqual([sealed.subject, sealed.field], [customerId, 'shipping_address']);
    assert.deepEqual(JSON.parse((await open(sealed))[0]!), { ...address, line2: 'Seitenflügel' });
    assert.notEqual(changed.meta.commandHash, createHash('sha256').update(ChangeAddressRequest.encode(request).finish()).digest('base64url'));
  });

  test("keeps reasons about payments, returns and legal holds sealed under their customer's key", async () => {
    const lives = livesIn(here);
    const life = await lives.delivered();
    const { orderId, paymentId, customerId, lines } = life;
    const nothing = { requestId: '', etag: '' };
    const asked = { returnId: '', orderId, kind: Return_Kind.WARRANTY, lines: [{ lineId: lines[0]!.lineId, quantity: 1 }], requestId: '', reason };
    const { returnId } = answerOf(await here.requestReturn(asked, callAs('checkout')));
    await lives.admit(life, returnId, 1);
    answerOf(await here.rejectReturn({ returnId, reason, ...nothing }, callAs('support')));
    answerOf(await here.refundPayment({ paymentId, amount: euros(100), reason, ...nothing }, callAs('support')));
    answerOf(await here.placeLegalHold({ customerId, holdId: '', kind: LegalHold_Kind.CLAIM, reason, ...nothing }, callAs('support')));
    const events = (await Promise.all([returnStream(returnId), paymentStream(paymentId), customerStream(customerId)].map(here.eventsOf))).flat();
    assertImpersonal(JSON.stringify(events));
    const reasons = events.flatMap(({ meta }) => meta.reason ?? []);
    assert.deepEqual(
      reasons.map(({ subject }) => subject),
      [customerId, customerId, customerId, customerId],
    );
    assert.deepEqual(await open(...reasons), [reason, reason, reason, reason]);
  });

  test("keeps a reason about no customer sealed under its author's key", async () => {
    const { offerId, asMerchant, stream } = await offerOf(here);
    const adjust = { offerId, difference: -1, requestId: '', etag: '' };
    answerOf(await here.adjustStock({ ...adjust, reason }, asMerchant({ subject: 'ann' })));
    answerOf(await here.adjustStock({ ...adjust, reason }, asMerchant({ subject: 'bob' })));
    const reasons = (await here.eventsOf(stream)).slice(1).map(({ meta }) => meta.reason!);
    assertImpersonal(JSON.stringify(reasons));
    assert.notEqual(reasons[0]!.subject, reasons[1]!.subject);
    assert.deepEqual(await open(...reasons), [reason, reason]);
  });

  test('is hashed under its key, so that nobody can try guesses against a stored hash', async () => {
    const { request, stream } = await anOrder();
    const again = { ...request, requestId: 'another', orderId: randomUUID() };
    const stranger = { ...again, orderId: randomUUID(), customer: { ...again.customer!, customerId: randomUUID() } };
    const hashes = await Promise.all(
      [again, stranger].map(
        async (each) => (await here.eventsOf(orderStream(answerOf(await here.placeOrder(each, callAs('checkout'))).orderId)))[0]!.meta.commandHash,
      ),
    );
    assert.equal(new Set([...hashes, (await here.eventsOf(stream))[0]!.meta.commandHash]).size, 3);

    const bare = createHash('sha256')
      .update(PlaceOrderRequest.encode({ ...again, requestId: '' }).finish())
      .digest('base64url');
    assert.notEqual(hashes[0], bare);
  });

  test('of an erased customer takes no order any more, nor a reason, nor a retry', async () => {
    const { customerId, offerId, orderId, request, stream } = await anOrder();
    await erase(customerId);
    const elsewhere = openCommandProcess(database);
    try {
      const refusals = [
        await elsewhere.placeOrder(request, callAs('checkout')),
        await elsewhere.placeOrder(placeOrderRequest([offerId], { customerId }), callAs('checkout')),
        await elsewhere.cancelOrder({ orderId, reason, requestId: '', etag: '' }, callAs('support')),
        await elsewhere.changeAddress({ orderId, shippingAddress: request.shippingAddress, requestId: '', etag: '' }, callAs('checkout')),
        await elsewhere.requestReturn(
          { returnId: '', orderId, kind: Return_Kind.WARRANTY, lines: [{ lineId: randomUUID(), quantity: 1 }], reason, requestId: '' },
          callAs('checkout'),
        ),
      ];
      for (const outcome of refusals) assert.equal(refusalOf(outcome, 'CUSTOMER_ERASED').status, 'precondition_failed');
      assert.equal((await elsewhere.eventsOf(stream)).length, 1);
      answerOf(await elsewhere.cancelOrder({ orderId, reason: '', requestId: '', etag: '' }, callAs('support')));
    } finally {
      await elsewhere.close();
    }
  });

  test("comes into no log line, at whatever level, and no metric's label", async () => {
    const { orderId, request } = await anOrder();
    await here.placeOrder({ ...request, paymentMethod: 'other' }, callAs('checkout'));
    await here.cancelOrder({ orderId, reason, requestId: '', etag: '"7"' }, callAs('support'));
    await here.cancelOrder({ orderId, reason, requestId: '', etag: '' }, callAs('support'));
    assert.ok(
      logged.some((line) => line.includes(orderId)),
      'nothing was logged',
    );
    assertImpersonal(logged.join(''));
    assertImpersonal(await here.metrics.metrics());
  });
});

test('every event says which command made it, who sent it and what it belongs to', async () => {
  const database = await testDatabase();
  const process = openCommandProcess(database);
  try {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { offerId, asMerchant, stream } = await offerOf(process);
    const call = asMerchant({ subject: 'ann', traceparent });
    answerOf(await process.withdrawOffer({ offerId, reason: '', requestId: 'key', etag: '' }, call));
    const { meta, schemaVersion, type } = (await process.eventsOf(stream))[1]!;
    const { commandId, commandHash, ...rest } = meta;
    assert.match(commandId, /^[0-9a-f-]{14}5[0-9a-f-]{21}$/);
    assert.match(commandHash, /^[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(rest, { correlationId: call.correlationId, actor: 'user:ann', traceparent });
    assert.deepEqual([type, schemaVersion], ['OfferWithdrawn', 1]);
  } finally {
    await process.close();
    await database.drop();
  }
});
