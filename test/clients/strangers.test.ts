import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { grpcClient } from '../../clients/typescript/src/grpc.ts';
import { cloneFolder } from '../../infra/local/instance.ts';
import { pythonWithGrpc } from '../../infra/local/test-programs.ts';
import { afterwards } from '../support/afterwards.ts';
import { openGround, startPlatform } from '../support/platform.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/role-process.ts';

// Clients that nobody here has written: whoever has the contract, or just the address, can order, read and follow.

const ground = await openGround();
const { roles, clients } = await startPlatform(ground);
const { http, grpc } = await roles.api.said('serving');
const [httpUrl, address] = [String(http), String(grpc)];
const merchantId = randomUUID();
const [checkout, merchant] = await Promise.all([clients.token({ role: 'checkout' }), clients.token({ role: 'merchant', merchantId })]);

const orders = grpcClient({ address, plaintext: true, token: checkout });
afterwards(() => orders.close());
const { offerId, consistencyToken } = await orders.session({ token: merchant }).publishOffer({
  sku: 'PHONE-13-128-A',
  title: 'Telephone 13, 128 GB',
  grade: 'A',
  unitPrice: { amountMinor: 39_900, currency: 'EUR' },
  quantity: 10,
  vatScheme: 'STANDARD',
  warrantyMonths: 12,
});
// Whoever comes now finds the offer.
await orders.getOffer({ offerId }, { consistencyToken });

const run = promisify(execFile);
const tool = (name: string): string => join(cloneFolder, 'node_modules/.bin', name);

/** A program that runs until the platform has nothing more to say to it, and what it has printed so far. */
const running = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const program = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  afterwards(() => program.kill());
  const printed: string[] = [];
  program.stdout.setEncoding('utf8').on('data', (part: string) => printed.push(part));
  const complaint = text(program.stderr);
  const ended = new Promise<number | null>((resolve, reject) => void program.on('error', reject).on('close', resolve));
  return {
    output: () => printed.join(''),
    said: async (what: RegExp): Promise<RegExpExecArray> => {
      let gone = false;
      void ended.finally(() => (gone = true));
      await eventually(`${command} says ${what.source}`, () => gone || what.test(printed.join('')));
      return what.exec(printed.join('')) ?? assert.fail(`${command} ended without ${what.source}:\n${printed.join('')}${await complaint}`);
    },
    ended: async (): Promise<void> => assert.equal(await ended, 0, await complaint),
  };
};

/** buf's own gRPC client, which learns the contract from the server's reflection. */
const bufCurl = (...args: readonly string[]): readonly string[] => ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args];
const ask = async (method: string, request: object, ...headers: readonly string[]): Promise<Record<string, string>> => {
  const given = [`authorization: Bearer ${checkout}`, ...headers].flatMap((header) => ['-H', header]);
  const { stdout } = await run(tool('buf'), bufCurl(...given, '-d', JSON.stringify(request), `http://${address}/${method}`));
  return JSON.parse(stdout) as Record<string, string>;
};

test('buf curl lists the services, places an order, gets it and watches it to its end', async () => {
  const { stdout: services } = await run(tool('buf'), bufCurl('--list-services', `http://${address}`));
  for (const service of ['orders.v1.OrderService', 'orders.v1.OfferService', 'orders.v1.ReturnService'])
    assert.ok(services.includes(service), services);
  const { stdout: methods } = await run(tool('buf'), bufCurl('--list-methods', `http://${address}`));
  assert.ok(methods.includes('orders.v1.OrderService/PlaceOrder'), methods);

  const placed = await ask('orders.v1.OrderService/PlaceOrder', {
    customer: { customerId: randomUUID(), name: 'Ada Example', email: 'ada@example.org', language: 'de' },
    shippingAddress: { recipient: 'Ada Example', line1: 'Beispielweg 1', postalCode: '10115', city: 'Berlin', countryCode: 'DE' },
    lines: [{ offerId, quantity: 1, shownUnitPrice: { amountMinor: '39900', currency: 'EUR' } }],
    paymentMethod: 'pm_card',
  });
  const orderId = placed['orderId']!;
  const token = `consistency-token: ${placed['consistencyToken']}`;
  const order = await ask('orders.v1.OrderService/GetOrder', { orderId }, token);
  assert.deepEqual([order['orderId'], order['status']], [orderId, 'PLACED']);

  const given = ['-H', `authorization: Bearer ${checkout}`, '-H', token, '-d', JSON.stringify({ orderId })];
  const watching = running(tool('buf'), bufCurl(...given, `http://${address}/orders.v1.OrderService/WatchOrder`));
  await watching.said(/"PLACED"/);
  await orders.cancelOrder({ orderId, reason: 'another colour' });
  await watching.ended();
  assert.match(watching.output(), /"PLACED"[^]*"status": ?"CANCELLED"/);
});

test('the example in Python places an order, gets it and watches it to its end, with code generated by the template', async () => {
  const python = pythonWithGrpc() ?? assert.fail('no python3 with grpc here: apt-get install python3-grpcio');
  const generated = temporaryFolder();
  await run(tool('buf'), ['generate', '--template', 'clients/buf.gen.yaml', '--output', generated], { cwd: cloneFolder });
  const env = { ORDERS_TOKEN: checkout, PYTHONPATH: generated, PYTHONDONTWRITEBYTECODE: '1' };
  const example = running(python, [join(cloneFolder, 'examples/python/place_order.py'), address], env);
  const [, orderId = ''] = await example.said(/^placed (\S+)$/m);
  await example.said(/^read PLACED 39900 EUR$/m);
  await example.said(/^watched 0 PLACED$/m);
  await orders.cancelOrder({ orderId, reason: 'another colour' });
  await example.ended();
  assert.match(example.output(), /^watched \d+ CANCELLED\nended\n$/m);
});

test('a generator from npm makes a client of the served OpenAPI document, which compiles strictly and places an order', async () => {
  const folder = temporaryFolder();
  const document = await fetch(`${httpUrl}/docs/json`);
  await writeFile(join(folder, 'openapi.json'), await document.text());
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const config = {
    input: 'openapi.json',
    output: { path: 'client', module: { extension: '.ts' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
  };
  await writeFile(join(folder, 'openapi-ts.config.mjs'), `export default ${JSON.stringify(config)};`);
  const generator = join(cloneFolder, 'node_modules/@hey-api/openapi-ts/bin/run.js');
  await run(process.execPath, [generator], { cwd: folder });

  await writeFile(join(folder, 'shop.ts'), shop);
  const compiler = join(cloneFolder, 'node_modules/typescript-native/bin/tsc');
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2024', '--lib', 'es2024,dom,dom.iterable', '--types', ''];
  const modules = ['--module', 'nodenext', '--allowImportingTsExtensions', '--verbatimModuleSyntax'];
  await run(process.execPath, [compiler, ...options, ...modules, 'shop.ts'], { cwd: folder }).catch(({ stdout }: { stdout: string }) =>
    assert.fail(stdout),
  );

  const { placeAndGet } = (await import(pathToFileURL(join(folder, 'shop.ts')).href)) as { placeAndGet: PlaceAndGet };
  const order = await placeAndGet(httpUrl, checkout, offerId, randomUUID());
  assert.deepEqual([order?.status, order?.total?.amount_minor], ['PLACED', '39900']);
});

type PlaceAndGet = (...given: readonly [url: string, token: string, offerId: string, customerId: string]) => Promise<any>;

/** What a team writes with its generated client. */
const shop = `
import { createClient, createConfig } from './client/client/index.ts';
import { getOrder, placeOrder } from './client/sdk.gen.ts';

export const placeAndGet = async (baseUrl: string, token: string, offerId: string, customerId: string) => {
  const client = createClient(createConfig({ baseUrl, auth: token, throwOnError: true }));
  const { data: placed } = await placeOrder({
    client,
    throwOnError: true,
    headers: { 'Idempotency-Key': customerId },
    body: {
      customer: { customer_id: customerId, name: 'Ada Example', email: 'ada@example.org', language: 'de' },
      shipping_address: { recipient: 'Ada Example', line1: 'Beispielweg 1', postal_code: '10115', city: 'Berlin', country_code: 'DE' },
      lines: [{ offer_id: offerId, quantity: 1, shown_unit_price: { amount_minor: '39900', currency: 'EUR' } }],
      payment_method: 'pm_card',
    },
  });
  const { data: order } = await getOrder({
    client,
    throwOnError: true,
    path: { order_id: placed.order_id },
    headers: { 'Consistency-Token': placed.consistency_token },
  });
  return order;
};
`;
