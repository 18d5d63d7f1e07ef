import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { gatherWrites } from '../../src/platform/gather-writes.ts';

/** A writable that notes in which pieces it was asked to send. */
const noting = (highWaterMark = 16_384) => {
  const pieces: string[][] = [];
  const socket = new Writable({
    highWaterMark,
    write: (chunk: Buffer, _encoding, done) => {
      pieces.push([chunk.toString()]);
      done();
    },
    writev: (chunks, done) => {
      pieces.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  gatherWrites(socket);
  return { socket, pieces };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is written in one turn leaves in one piece and in order, and the next turn in another', async () => {
  const { socket, pieces } = noting();
  for (const text of ['a', 'b', 'c']) socket.write(text);
  assert.deepEqual(pieces, []);
  await turn();
  assert.deepEqual(pieces, [['a', 'b', 'c']]);
  socket.write('d');
  await turn();
  assert.deepEqual(pieces, [['a', 'b', 'c'], ['d']]);
});

test('a socket that ends sends what was written before, and says when it is gone', async () => {
  const { socket, pieces } = noting();
  const written = new Promise((resolve) => socket.write('a', resolve));
  socket.end('b');
  await written;
  await turn();
  assert.deepEqual(pieces.flat(), ['a', 'b']);
  assert.ok(socket.writableFinished);
});

test('a full socket still says that it is full, and when it is free again', async () => {
  const { socket } = noting(4);
  assert.equal(socket.write('ab'), true);
  assert.equal(socket.write('cd'), false);
  await new Promise((resolve) => socket.once('drain', resolve));
  assert.equal(socket.write('a'), true);
});

test('a socket that is destroyed in the turn of a write ends quietly', async () => {
  const { socket } = noting();
  socket.write('a');
  socket.destroy();
  await turn();
  assert.ok(socket.destroyed);
});
