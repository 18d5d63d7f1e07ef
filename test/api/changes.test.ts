import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import type { JsonObject } from '@bufbuild/protobuf';
import { returnStream } from '../../src/domain/ids.ts';
import { methodNamed, type Told } from '../support/any-method.ts';
import { breachesOf } from './breaches.ts';
import type { ChangeCase, Prepared } from './change-case.ts';
import { changeCases } from './change-cases.ts';
import { changingMethods, openCommandApi, transportsOf, type Transport } from './command-api.ts';

const api = await openCommandApi();
const { ask, eventsOf } = api;

const messageOf = (told: Told): JsonObject => ('message' in told ? told.message : assert.fail(JSON.stringify(told)));
const codeOf = (told: Told): string => ('code' in told ? told.code : assert.fail(`answered ${JSON.stringify(told.message)}`));

test('there is a case for every method that changes something', () => {
  const elsewhere = [
    'OrderService/PlaceOrder',
    ...['PublishOffer', 'ChangePrice', 'AdjustStock', 'WithdrawOffer'].map((name) => `OfferService/${name}`),
  ];
  assert.deepEqual([...changeCases.map(({ method }) => method), ...elsewhere].toSorted(), changingMethods.toSorted());
});

/** Another request about the same thing, where a method takes more than an id. */
const otherThan = (request: JsonObject): JsonObject | undefined => {
  const others = { reason: 'another', tracking_number: 'another', code: 'another', provider_reference: 'another', operation_id: randomUUID() };
  const ids = {
    line_id: randomUUID(),
    shipment_id: randomUUID(),
    shipping_address: { ...(request['shipping_address'] as JsonObject), city: 'Potsdam' },
  };
  const [change] = Object.entries({ ...others, ...ids }).filter(([field]) => field in request);
  return change && { ...request, [change[0]]: change[1] };
};

const describeChange = ({ method, prepare, events, unknown }: ChangeCase, transport: Transport): void => {
  const { input, routes, output } = methodNamed(method);
  const inPath = new Set(transport === 'rest' ? routes[0]!.pathFields.map(({ name }) => name) : []);
  let prepared: Prepared;
  let length = 0;
  /** What the stream has more than before. */
  const added = async (): Promise<readonly string[]> =>
    prepared.stream ? (await eventsOf(prepared.stream)).slice(length).map(({ type }) => type) : [];

  before(async () => {
    prepared = await prepare(api);
    if (prepared.stream) length = (await eventsOf(prepared.stream)).length;
  });

  test('names the field whose rule a request breaks', async () => {
    for (const { field, request } of breachesOf(input, prepared.request, inPath)) {
      const told = await ask(transport, method, request, prepared.who);
      const named = transport === 'rest' && field === 'etag' ? 'If-Match' : field;
      assert.deepEqual(told, { code: 'INVALID_REQUEST', fields: [named], status: transport === 'rest' ? 400 : 3 }, JSON.stringify(request));
    }
    assert.deepEqual(await added(), []);
  });

  test('finds nothing where nothing stands', async () => {
    const [field, code] = unknown;
    if (code === '') return;
    assert.equal(codeOf(await ask(transport, method, { ...prepared.request, [field]: randomUUID() }, prepared.who)), code);
  });

  test('is forbidden to everybody whose it is not', async () => {
    for (const stranger of prepared.strangers)
      assert.equal(codeOf(await ask(transport, method, prepared.request, stranger)), 'FORBIDDEN', JSON.stringify(stranger));
    assert.deepEqual(await added(), []);
  });

  if (input.field['etag']) {
    test('is refused where it was meant for another revision', async () => {
      assert.equal(codeOf(await ask(transport, method, { ...prepared.request, etag: '"99"' }, prepared.who)), 'ETAG_MISMATCH');
      assert.deepEqual(await added(), []);
    });
  }

  test('is done once, and answered the same whenever its key comes again, with the same request', async () => {
    const request = { ...prepared.request, request_id: randomUUID(), ...(input.field['etag'] ? { etag: `"${length - 1}"` } : {}) };
    const first = messageOf(await ask(transport, method, request, prepared.who));
    const stream = prepared.stream ?? returnStream(first['return_id'] as string);
    assert.deepEqual(
      (await eventsOf(stream)).slice(length).map(({ type }) => type),
      events,
    );
    assert.equal(first['revision'], String(length + events.length - 1));
    for (const name of Object.keys(output.field)) assert.notEqual(first[methodField(output, name)], '', name);
    for (const again of transportsOf(method)) assert.deepEqual(messageOf(await ask(again, method, request, prepared.who)), first);
    const other = otherThan(request);
    if (other) assert.equal(codeOf(await ask(transport, method, other, prepared.who)), 'KEY_REUSED');
    assert.equal((await eventsOf(stream)).length, length + events.length);
  });

  test('says why only under a key that can be destroyed', async () => {
    const { reason } = prepared.request;
    if (typeof reason !== 'string' || !prepared.stream) return;
    const [event] = (await eventsOf(prepared.stream)).slice(length);
    const sealed = event!.meta.reason;
    assert.ok(sealed && sealed.field === 'reason');
    assert.doesNotMatch(JSON.stringify(event), new RegExp(reason));
  });
};

const methodField = (output: { readonly field: Readonly<Record<string, { readonly name: string }>> }, localName: string): string =>
  output.field[localName]!.name;

for (const each of changeCases)
  for (const transport of transportsOf(each.method)) describe(`${each.method} over ${transport}`, () => describeChange(each, transport));
