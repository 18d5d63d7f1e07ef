import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { orderStream } from '../../src/domain/ids.ts';
import { briefTerms } from '../../src/domain/terms.ts';
import { callAs } from '../support/calls.ts';
import { answerOf, openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { livesIn, type Life, type Lives } from '../support/lives.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const nothing = { requestId: '', etag: '' };

describe('a change of an order', () => {
  let database: TestDatabase;
  let process: CommandProcess;
  let lives: Lives;
  before(async () => {
    database = await testDatabase();
    process = openCommandProcess(database, { now: () => now, terms: briefTerms });
    lives = livesIn(process, () => now);
  });
  after(async () => {
    await process.close();
    await database.drop();
  });

  const lastOf = async ({ orderId }: Life) => (await process.eventsOf(orderStream(orderId))).at(-1)!;

  for (const [role, cause] of [
    ['customer', 'CUSTOMER'],
    ['checkout', 'CUSTOMER'],
    ['support', 'SUPPORT'],
  ] as const) {
    test(`remembers ${cause} as the side that cancels when a caller in the role ${role} does`, async () => {
      const whole = await lives.confirmed();
      const part = await lives.confirmed();
      const asked = { reason: '', ...nothing };
      answerOf(await process.cancelOrder({ orderId: whole.orderId, ...asked }, callAs(role, { customerId: whole.customerId })));
      const line = { orderId: part.orderId, lineId: part.lines[0]!.lineId, ...asked };
      answerOf(await process.cancelLine(line, callAs(role, { customerId: part.customerId })));
      assert.partialDeepStrictEqual(await lastOf(whole), { type: 'OrderCancelled', data: { cause } });
      assert.partialDeepStrictEqual(await lastOf(part), { type: 'LineCancelled', data: { cause } });
    });
  }

  test('sets its deadline by the terms of the process and its clock', async () => {
    const life = await lives.placed(1);
    const soon = (ms: number): string => new Date(now.getTime() + ms).toISOString();
    const { reserveMs, payMs, holdMs } = briefTerms;
    assert.partialDeepStrictEqual(await lastOf(life), { data: { reserveBy: soon(reserveMs), payBy: soon(payMs) } });
    await lives.hold(life.orderId);
    assert.partialDeepStrictEqual(await lastOf(life), { type: 'OrderHeld', data: { holdUntil: soon(holdMs), cause: 'SUPPORT' } });
  });

  test('that is a parcel has the id that its caller chose, or one of the platform', async () => {
    const life = await lives.accepted(1);
    const { lineId, merchantId } = life.lines[0]!;
    const parcel = { orderId: life.orderId, merchantId: '', carrier: 'DHL', trackingNumber: '1', lines: [{ lineId, quantity: 1 }], ...nothing };
    const call = callAs('merchant', { merchantId });
    const chosen = randomUUID();
    assert.equal(answerOf(await process.dispatchShipment({ ...parcel, shipmentId: chosen }, call)).shipmentId, chosen);
    const { shipmentId } = answerOf(await process.dispatchShipment({ ...parcel, shipmentId: '' }, call));
    assert.partialDeepStrictEqual(await lastOf(life), { type: 'ShipmentDispatched', data: { shipmentId } });
    assert.notEqual(shipmentId, chosen);
  });

  test('that is the same parcel under the same id is nothing new', async () => {
    const life = await lives.accepted(1);
    const { lineId, merchantId } = life.lines[0]!;
    const asked = { orderId: life.orderId, merchantId: '', carrier: 'DHL', trackingNumber: '1', lines: [{ lineId, quantity: 1 }], ...nothing };
    const parcel = { ...asked, shipmentId: randomUUID() };
    const first = answerOf(await process.dispatchShipment(parcel, callAs('merchant', { merchantId })));
    assert.deepEqual(answerOf(await process.dispatchShipment(parcel, callAs('merchant', { merchantId }))), first);
  });
});
