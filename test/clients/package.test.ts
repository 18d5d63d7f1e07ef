import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { cloneFolder } from '../../infra/local/instance.ts';
import { answered } from '../../src/platform/call.ts';
import { customerId, offerId, orderId, runningApi, services } from '../api/running-api.ts';
import { temporaryFolder } from '../support/role-process.ts';

// The package as another team gets it: packed, installed elsewhere, used from plain JavaScript and from TypeScript.

const run = promisify(execFile);
const team = join(temporaryFolder(), 'checkout');
const installed = join(team, 'node_modules/@order-platform/client');

/** npm, as it runs these tests or as the shell finds it. */
const npm = (args: readonly string[], cwd: string): Promise<{ stdout: string }> => {
  const own = process.env['npm_execpath'];
  return own?.endsWith('.js') ? run(process.execPath, [own, ...args], { cwd }) : run('npm', [...args], { cwd });
};

/** Copies what a package needs, and what that needs, from this repository: nothing is fetched. */
const copyDependencies = async (folder: string, done = new Set<string>()): Promise<void> => {
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    if (done.has(name)) continue;
    done.add(name);
    const from = join(cloneFolder, 'node_modules', name);
    await cp(from, join(team, 'node_modules', name), { recursive: true });
    await copyDependencies(from, done);
  }
};

before(async () => {
  await mkdir(team, { recursive: true });
  await writeFile(join(team, 'package.json'), JSON.stringify({ name: 'checkout', version: '1.0.0', type: 'module' }));
  const { stdout } = await npm(['pack', '--json', '--pack-destination', dirname(team)], join(cloneFolder, 'clients/typescript'));
  const [tarball] = (await readdir(dirname(team))).filter((file) => file.endsWith('.tgz'));
  assert.ok(tarball, stdout);
  await copyDependencies(join(cloneFolder, 'clients/typescript'));
  await npm(['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `../${tarball}`], team);
});

test('the package holds JavaScript and declarations, and nothing that is not needed to use it', async () => {
  const files = await readdir(installed, { recursive: true, withFileTypes: true });
  const endings = new Set(files.filter((file) => file.isFile()).map(({ name }) => /(\.d)?\.\w+$/.exec(name)?.[0] ?? name));
  assert.deepEqual([...endings].toSorted(), ['.d.ts', '.js', '.json', '.md', 'LICENSE']);
});

test('an order is placed from plain JavaScript with the installed package, through both transports', async () => {
  const orders: unknown[] = [];
  const { api, token } = await runningApi({
    services: services({
      'orders.v1.OrderService': {
        placeOrder: ({ lines }) => {
          orders.push(lines[0]?.offerId);
          return Promise.resolve(answered({ orderId, revision: 0n, consistencyToken: 'token' }));
        },
      },
    }),
  });
  await writeFile(join(team, 'shop.js'), shopInJavaScript);
  const { stdout } = await run(
    process.execPath,
    ['shop.js', `127.0.0.1:${api.grpcPort}`, api.httpUrl, await token('checkout'), offerId, customerId],
    {
      cwd: team,
    },
  );
  assert.equal(stdout, `${orderId}\n${orderId}\n`);
  assert.deepEqual(orders, [offerId, offerId]);
});

const shopInJavaScript = `
import { grpcClient } from '@order-platform/client/grpc';
import { restClient } from '@order-platform/client/rest';

const [address, url, token, offerId, customerId] = process.argv.slice(2);
for (const client of [grpcClient({ address, plaintext: true, token }), restClient({ url, token })]) {
  const { orderId } = await client.placeOrder({
    customer: { customerId, name: 'Ada Example', email: 'ada@example.org', language: 'de' },
    shippingAddress: { recipient: 'Ada Example', line1: 'Beispielweg 1', postalCode: '10115', city: 'Berlin', countryCode: 'DE' },
    lines: [{ offerId, quantity: 1, shownUnitPrice: { amountMinor: 39_900, currency: 'EUR' } }],
    paymentMethod: 'pm_card',
  });
  console.log(orderId);
  client.close();
}
`;

test('its types compile strictly elsewhere, and a request that lacks what the contract requires does not', async () => {
  const compiler = join(cloneFolder, 'node_modules/typescript-native/bin/tsc');
  const options = [
    '--strict',
    '--noEmit',
    '--exactOptionalPropertyTypes',
    '--target',
    'es2024',
    '--lib',
    'es2024,dom,dom.iterable,dom.asynciterable',
  ];
  const compile = async (name: string, source: string): Promise<string> => {
    await writeFile(join(team, name), source);
    const compiling = run(process.execPath, [compiler, ...options, '--types', '', '--module', 'nodenext', name], { cwd: team });
    return compiling.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
  };
  assert.equal(await compile('reads.ts', shopInTypeScript), '');
  assert.match(
    await compile('lacks.ts', shopInTypeScript.replace('orderId, reason:', 'reason:')),
    /lacks\.ts\(\d+,\d+\): error TS2741: Property 'orderId' is missing/,
  );
});

const shopInTypeScript = `
import { ApiError } from '@order-platform/client/errors';
import { everyPage } from '@order-platform/client/pages';
import { restClient } from '@order-platform/client/rest';
import { clientCredentials } from '@order-platform/client/tokens';
import type { Order } from '@order-platform/client/v1/orders';

const token = clientCredentials({ url: 'https://issuer.example/token', clientId: 'checkout', clientSecret: 'secret' });
const client = restClient({ url: 'https://orders.example', token });

export const cancel = async (orderId: string): Promise<bigint | 'too late'> => {
  try {
    return (await client.cancelOrder({ orderId, reason: 'another colour' })).revision;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ALREADY_SHIPPED') return 'too late';
    throw error;
  }
};

export async function* ordersOf(customerId: string): AsyncGenerator<Order> {
  for await (const { orders } of everyPage(client.listOrders, { customerId, status: 'CONFIRMED' })) yield* orders;
}
`;

test('the side for browsers needs nothing of Node', async () => {
  const seen = new Set<string>();
  const foreign = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = await readFile(file, 'utf8');
    for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?["']([^"']+)["']/g)) {
      if (specifier!.startsWith('.')) await visit(join(dirname(file), specifier!));
      else foreign.add(specifier!);
    }
  };
  await visit(join(installed, 'dist/rest.js'));
  assert.deepEqual([...foreign].toSorted(), ['@bufbuild/protobuf/wire', 'eventsource-parser/stream']);
});
