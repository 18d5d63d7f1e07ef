import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createFileRegistry, fromBinary, fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Value } from 'typebox/value';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import { offerEvents } from '../../src/domain/offer-events.ts';
import { orderEvents } from '../../src/domain/order-events.ts';
import { paymentEvents } from '../../src/domain/payment-events.ts';
import { returnEvents } from '../../src/domain/return-events.ts';
import type { EventMeta, Logged, Position } from '../../src/eventstore/event-store.ts';
import { messageOf, protoJson } from '../../src/projections/integration-event.ts';
import { translate } from '../../src/projections/translators.ts';

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64')));
const id = '0198c0de-0000-7000-8000-00000000000b';
const recordedAt = new Date('2026-11-23T10:00:00.123Z');

/** An example of each event of the catalogue whose every text says where it stands; texts with a form keep to it. */
const examples = catalogue.map(({ type, data }) => {
  const event = { type, data: example(data, '') } as DomainEvent;
  assert.ok(Value.Check(data, event.data), `the example of ${type} has its shape`);
  return event;
});

function example(schema: unknown, path: string): unknown {
  const { type, properties, items, anyOf, format, pattern, minimum = 0, ...rest } = schema as Record<string, any>;
  if ('const' in rest) return rest['const'];
  if (anyOf) return example(anyOf[0], path);
  switch (type) {
    case 'object':
      return Object.fromEntries(Object.entries(properties as object).map(([name, field]) => [name, example(field, `${path}.${name}`)]));
    case 'array':
      return [example(items, path), example(items, path)];
    case 'integer':
      return Math.max(7, minimum);
    default:
      if (format === 'date-time') return '2026-11-30T10:00:00.123Z';
      return format === 'uuid' ? id : pattern ? (pattern.includes('{3}') ? 'EUR' : 'DE') : `text of ${path}`;
  }
}

const logged = ({ type, data }: DomainEvent, meta: EventMeta): Logged => ({
  id,
  type,
  data,
  schemaVersion: 1,
  stream: `order-${id}`,
  revision: 0,
  position: '1' as Position,
  recordedAt,
  meta,
});

test('every public event is proto3 JSON of its message, with no field missing', () => {
  for (const event of examples) {
    const integration = translate(event, { stream: `order-${id}`, recordedAt });
    if (!integration) continue;
    const name = integration.type.replace(/^orders\.(.*)\.v1$/, '$1').replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const schema = registry.getMessage(`orders.events.v1.${name}`);
    assert.ok(schema, `${integration.type} has a message`);
    const sent = JSON.parse(protoJson(integration.data)) as Record<string, JsonValue>;
    assert.deepEqual(
      Object.keys(sent),
      schema.fields.map((field) => field.name),
    );
    assert.deepEqual(sent, toJson(schema, fromJson(schema, sent), { useProtoFieldName: true, alwaysEmitImplicit: true }));
  }
});

test('no message carries personal data, neither clear nor sealed, nor what a merchant paid, nor why somebody did something', () => {
  const meta: EventMeta = {
    commandId: id,
    commandHash: 'secret hash',
    correlationId: id,
    actor: 'user:secret-actor',
    reason: { subject: id, field: 'reason', sealed: 'secret reason' },
  };
  for (const event of examples) {
    const integration = translate(event, { stream: `order-${id}`, recordedAt });
    if (!integration) continue;
    const { content, ...properties } = messageOf(integration, logged(event, meta), { id, generation: 1, predecessors: [], closed: false });
    const text = JSON.stringify(properties) + content.toString();
    for (const hidden of [
      'sealed',
      '.contact',
      '.shippingAddress',
      'secret',
      'purchase',
      'margin',
      'paymentMethod',
      'trackingNumber',
      'providerReference',
    ])
      assert.ok(!text.includes(hidden), `${event.type} gives away ${hidden}: ${text}`);
  }
});

test('what an order costs is the sum of its lines', () => {
  const placed = examples.find((event) => event.type === 'OrderPlaced')!;
  assert.equal(placed.type, 'OrderPlaced');
  const { data } = translate(placed, { stream: `order-${id}`, recordedAt })!;
  assert.deepEqual(JSON.parse(protoJson(data)).total, { amount_minor: '98', currency: 'EUR' });
});

test('sequences sort as generation and position do', () => {
  const [event] = examples;
  const sequence = (generation: number, position: string): string =>
    messageOf(
      translate(event!, { stream: `order-${id}`, recordedAt })!,
      { ...logged(event!, { commandId: id, commandHash: '', correlationId: id, actor: 'user:a' }), position: position as Position },
      { id, generation, predecessors: [], closed: false },
    ).headers['cloudEvents:sequence']!;
  const inOrder = [sequence(1, '0009'), sequence(1, '0010'), sequence(2, '0001'), sequence(10, '0001')];
  assert.deepEqual(inOrder.toSorted(), inOrder);
});

test('everything of an order, its payment and its returns has the order as its partition key', () => {
  const orderId = '0198c0de-0000-7000-8000-0000000000aa';
  for (const { type, data } of examples) {
    const event = { type, data: 'orderId' in data ? { ...data, orderId } : data } as DomainEvent;
    const prefix = prefixOf(type);
    const integration = translate(event, { stream: `${prefix}-${id}`, recordedAt });
    if (!integration) continue;
    assert.equal(integration.partitionKey, prefix === 'payment' || prefix === 'return' ? orderId : id, integration.type);
    assert.equal(integration.subject, `${prefix}s/${id}`);
  }
});

/** What the streams of events of this type begin with. */
const prefixOf = (type: string): 'offer' | 'order' | 'payment' | 'return' | 'customer' => {
  const has = (events: readonly { readonly type: string }[]): boolean => events.some((each) => each.type === type);
  if (has(offerEvents)) return 'offer';
  if (has(orderEvents)) return 'order';
  if (has(paymentEvents)) return 'payment';
  return has(returnEvents) ? 'return' : 'customer';
};

test('what is told, and what is not, is decided on purpose', () => {
  const untold = examples.filter((event) => !translate(event, { stream: `order-${id}`, recordedAt })).map(({ type }) => type);
  assert.deepEqual(untold, [
    'StockReserved',
    'ReservationConfirmed',
    'ReservationReleased',
    'LineReserved',
    'LineRefused',
    'ReturnRegistered',
    'ReturnUnregistered',
    'InspectionOverdue',
    'LegalHoldPlaced',
    'LegalHoldLifted',
  ]);
});

test('the page of integration events lists every type that is sent', async () => {
  const page = await readFile(new URL('../../docs/integration-events.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(orders\.[a-z-]+\.v1)` \|/gm)].map(([, type]) => type);
  const sent = examples.flatMap((event) => translate(event, { stream: `order-${id}`, recordedAt })?.type ?? []);
  assert.deepEqual(listed.toSorted(), [...new Set(sent)].toSorted());
});
