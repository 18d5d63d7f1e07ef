import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import { customer, customerEvents } from '../../src/domain/customer.ts';
import { offer } from '../../src/domain/offer.ts';
import { offerEvents } from '../../src/domain/offer-events.ts';
import { order } from '../../src/domain/order.ts';
import { orderEvents } from '../../src/domain/order-events.ts';
import { payment } from '../../src/domain/payment.ts';
import { paymentEvents } from '../../src/domain/payment-events.ts';
import { returns } from '../../src/domain/return.ts';
import { returnEvents } from '../../src/domain/return-events.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';

/** One event type in one version: the shape it was released with, and data as it is stored. Such a file never changes. */
type Golden = { readonly type: string; readonly schemaVersion: number; readonly shape: TSchema; readonly stored: readonly unknown[] };

const folder = new URL('golden/', import.meta.url);
const files = readdirSync(folder).toSorted();
const corpus = new Map(files.map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden]));
const fileOf = (type: string, version: number): string => `${type}.v${version}.json`;
const decode = decoder(catalogue);

const aggregates = [
  { events: offerEvents, initial: offer.initial, evolve: offer.evolve },
  { events: orderEvents, initial: order.initial, evolve: order.evolve },
  { events: paymentEvents, initial: payment.initial, evolve: payment.evolve },
  { events: returnEvents, initial: returns.initial, evolve: returns.evolve },
  { events: customerEvents, initial: customer.initial, evolve: customer.evolve },
];

/** Folds an event after the one that its aggregate begins with. */
const fold = (event: DomainEvent): unknown => {
  const { events, initial, evolve } = aggregates.find((aggregate) => aggregate.events.some(({ type }) => type === event.type))!;
  const { type, version } = events[0];
  const first = decode({ type, schemaVersion: version, data: corpus.get(fileOf(type, version))!.stored[0] });
  return [first, ...(event.type === type ? [] : [event])].reduce((state, each) => evolve(state as never, each as never), initial as unknown);
};

describe('every event version ever released', () => {
  for (const [file, { type, schemaVersion, shape, stored }] of corpus) {
    test(`${type} ${schemaVersion} is read, and is of today's shape then`, () => {
      assert.equal(file, fileOf(type, schemaVersion));
      assert.ok(stored.length > 0, `${file} has no example`);
      for (const data of stored) {
        assert.ok(Check(shape, data), `${file}: an example is not of the shape it was stored in: ${JSON.stringify(Errors(shape, data))}`);
        const event = decode({ type, schemaVersion, data });
        const today = catalogue.find((definition) => definition.type === type)!.data;
        assert.ok(Check(today, event.data), `${file}: ${JSON.stringify(Errors(today, event.data))}`);
        assert.ok(fold(event));
      }
    });
  }
});

describe('the shape under which an event is written', () => {
  for (const { type, version, data } of catalogue) {
    test(`of ${type} changes only with its version`, () => {
      const shape = JSON.parse(JSON.stringify(data)) as unknown;
      const golden = corpus.get(fileOf(type, version));
      assert.ok(
        golden,
        `${type} is written in version ${version}, of which the corpus has no example. Add test/domain/golden/${fileOf(type, version)} with { type, schemaVersion, shape, stored: [data as it is stored] } and this shape:\n${JSON.stringify(shape)}`,
      );
      assert.deepEqual(
        shape,
        golden.shape,
        `The shape of ${type} changed, but it is still version ${version}. Events of the old shape are stored for ever: give it version ${version + 1}, an upcaster from ${version}, and test/domain/golden/${fileOf(type, version + 1)}. Leave ${fileOf(type, version)} as it is.`,
      );
      for (let earlier = 1; earlier < version; earlier += 1)
        assert.ok(corpus.has(fileOf(type, earlier)), `test/domain/golden/${fileOf(type, earlier)} is gone, but such events are stored for ever.`);
    });
  }

  test('is in the catalogue for every event that was ever released', () => {
    const types = new Set<string>(catalogue.map(({ type }) => type));
    for (const { type } of corpus.values()) assert.ok(types.has(type), `${type} left the catalogue, but such events are stored for ever`);
  });
});
