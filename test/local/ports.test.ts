import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openInstance } from '../../infra/local/instance.ts';
import { nextFree, rememberedPorts } from '../../infra/local/ports.ts';
import { temporaryFolder } from './temporary-folder.ts';

const listening = async (context: TestContext, port = 0): Promise<number> => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
};

test('a busy port moves to the next free one', async (context) => {
  const busy = await listening(context);
  assert.ok((await nextFree(busy)) > busy);
});

test('a port is given out once, even before anybody listens on it', async () => {
  const first = await nextFree(31_000);
  assert.ok((await nextFree(first)) > first);
});

test('an instance finds its ports again', async (context) => {
  const instance = openInstance('test', join(temporaryFolder(context), '.local'));
  const before = await rememberedPorts(instance, ['one', 'two']);
  assert.notEqual(before.one, before.two);
  assert.deepEqual(await rememberedPorts(instance, ['one', 'two']), before);
});

test('a remembered port that somebody else took is exchanged', async (context) => {
  const instance = openInstance('test', join(temporaryFolder(context), '.local'));
  const before = await rememberedPorts(instance, ['one']);
  await listening(context, before.one);
  const after = await rememberedPorts(instance, ['one']);
  assert.notEqual(after.one, before.one);
});

test('two clones look for their ports in different places', async (context) => {
  const clones = [temporaryFolder(context), temporaryFolder(context)].map((folder) => openInstance('start', join(folder, '.local')));
  assert.notEqual(clones[0]!.id, clones[1]!.id);
});
