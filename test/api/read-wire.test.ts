import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { wireReader } from '../../src/api/read-wire.ts';
import { PlaceOrderRequest } from '../../src/contract/generated/orders/v1/orders.ts';
import { methodNamed } from '../support/any-method.ts';
import { anOrder } from './running-api.ts';

const { input } = methodNamed('OrderService/PlaceOrder');
const read = wireReader()(input);
const bytes = toBinary(input, fromJson(input, anOrder));

const customer = (write: (writer: BinaryWriter) => BinaryWriter): Uint8Array =>
  write(new BinaryWriter().tag(2, WireType.LengthDelimited).fork()).join().finish();
const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter => writer.tag(field, WireType.LengthDelimited).string(value);

test('a message is read as the generated decoder reads it', () => assert.deepEqual(read(bytes), PlaceOrderRequest.decode(bytes)));

test('an embedded message that comes in two parts is one', () => {
  const parts = [customer((writer) => text(writer, 2, 'Ada')), customer((writer) => text(writer, 4, 'en'))];
  assert.deepEqual(read(Buffer.concat(parts))['customer'], { customerId: '', name: 'Ada', email: '', language: 'en' });
});

test('a field of another wire type is one that is not known', () => {
  const odd = new BinaryWriter().tag(5, WireType.Varint).uint32(7).tag(4, WireType.Bit64).fixed64(1).finish();
  assert.deepEqual(read(Buffer.concat([odd, bytes])), read(bytes));
});

for (const [what, broken] of [
  ['a stray end of a group', Buffer.from([...bytes, (1 << 3) | 4])],
  ['field 0', Buffer.from([...bytes, 0])],
  ['a text that goes on behind the end of its message', Buffer.from([0x12, 3, 0x12, 5, 65, 66, 67, 68, 69])],
  ['a length of 2^63', Buffer.from([0x2a, ...Array.from({ length: 9 }, () => 0x80), 1])],
  ['the length of an unknown field, of 2^63', Buffer.from([0xfa, 1, ...Array.from({ length: 9 }, () => 0x80), 1])],
  ['groups in groups, ten thousand deep', Buffer.alloc(10_000, (9 << 3) | 3)],
  ['text that is no UTF-8', Buffer.from([0x2a, 1, 0xff])],
] as const) {
  test(`${what} makes it no message`, () => {
    assert.throws(() => read(broken));
  });
}
