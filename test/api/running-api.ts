import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { inspect } from 'node:util';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../src/contract/generated/google/rpc/error_details.ts';
import { Status } from '../../src/contract/generated/google/rpc/status.ts';
import { services as codecs } from '../../src/contract/generated/services.ts';
import { OfferServiceClient } from '../../src/contract/generated/orders/v1/offers.ts';
import { OrderServiceClient, type Order } from '../../src/contract/generated/orders/v1/orders.ts';
import { authenticateDevelopment, type Authenticate } from '../../src/api/authenticate.ts';
import { developmentToken, type Role } from '../../src/api/development-issuer.ts';
import type { Services } from '../../src/api/methods.ts';
import { startApi, type Api } from '../../src/api/server.ts';
import { answered, refused } from '../../src/platform/call.ts';
import { silent } from '../../src/platform/logging.ts';
import { createMetrics, type Registry } from '../../src/platform/metrics.ts';

export const customerId = '0193f2a0-0000-7000-8000-00000000000c';
export const merchantId = '0193f2a0-0000-7000-8000-00000000000d';
export const orderId = '0193f2a0-0000-7000-8000-000000000001';
export const offerId = '0193f2a0-0000-7000-8000-000000000002';

/** A body that places an order of one line. */
export const anOrder = {
  customer: { customer_id: customerId, name: 'Ada Lovelace', email: 'ada@example.org', language: 'en' },
  shipping_address: { recipient: 'Ada Lovelace', line1: 'St James’s Square 12', postal_code: 'SW1Y 4JH', city: 'London', country_code: 'GB' },
  lines: [{ offer_id: offerId, quantity: 1, shown_unit_price: { amount_minor: '39900', currency: 'EUR' } }],
  payment_method: 'pm_card_visa',
};

/** An order as GetOrder answers it, at revision 3. */
export const aShownOrder: Order = {
  orderId,
  status: 'PLACED',
  onHold: false,
  revision: 3n,
  customerId,
  lines: [],
  total: undefined,
  placedAt: new Date(0),
  updatedAt: new Date(0),
  contact: undefined,
  shippingAddress: undefined,
  paymentMethod: '',
  stale: false,
  paymentId: '',
  shipments: [],
  tasks: [],
  returnIds: [],
  reserveBy: undefined,
  payBy: undefined,
  acceptBy: undefined,
  withdrawalEnds: undefined,
  hold: undefined,
  cancelCause: 'CANCEL_CAUSE_UNSPECIFIED',
};

const notUsed = () => Promise.resolve(refused('not_found', 'NOT_USED', 'No test asks for this.'));

type Methods = { readonly [Service in keyof Services]?: Partial<Services[Service]> };

/** Services that know nothing; tests bring the methods they are about. */
export const services = (methods: Methods = {}): Services => {
  const placeOrder: Services['orders.v1.OrderService']['placeOrder'] = ({ orderId: id }) =>
    Promise.resolve(answered({ orderId: id || orderId, revision: 0n, consistencyToken: 'token' }));
  const known: Methods = { ...methods, 'orders.v1.OrderService': { placeOrder, ...methods['orders.v1.OrderService'] } };
  return Object.fromEntries(
    Object.entries(codecs).map(([service, declared]) => [
      service,
      { ...Object.fromEntries(Object.keys(declared).map((name) => [name, notUsed])), ...known[service as keyof Services] },
    ]),
  ) as Services;
};

export type RunningApi = {
  readonly api: Api;
  /** The development issuer's key. */
  readonly keyFile: string;
  readonly metrics: Registry;
  readonly token: (role: Role, lifetimeSeconds?: number) => Promise<string>;
  /** REST with the token of a role; what `init` says goes first. */
  readonly rest: (path: string, init?: { method?: string; body?: unknown; headers?: Record<string, string>; role?: Role }) => Promise<RestAnswer>;
  readonly orders: OrderServiceClient;
  readonly offers: OfferServiceClient;
  readonly metadata: (role?: Role, more?: Readonly<Record<string, string>>) => Promise<Metadata>;
};

export type RestAnswer = { readonly status: number; readonly headers: Headers; readonly text: string; readonly body: any };

/** Both servers on free ports of loopback, and clients for them; closed when the file's tests are over. */
export const runningApi = async (options: Partial<Parameters<typeof startApi>[0]> = {}): Promise<RunningApi> => {
  const folder = await mkdtemp(join(tmpdir(), 'api-'));
  const keyFile = join(folder, 'key.json');
  const authenticate: Authenticate = await authenticateDevelopment({ keyFile });
  const metrics = createMetrics('api');
  const api = await startApi({
    services: services(),
    authenticate,
    logger: silent,
    metrics,
    http: { host: '127.0.0.1', port: 0 },
    grpc: { host: '127.0.0.1', port: 0 },
    ready: () => Promise.resolve([]),
    development: true,
    drainMs: 1_000,
    ...options,
  });
  const address = `127.0.0.1:${api.grpcPort}`;
  const orders = new OrderServiceClient(address, credentials.createInsecure());
  const offers = new OfferServiceClient(address, credentials.createInsecure());
  after(async () => {
    orders.close();
    offers.close();
    await api.drain();
    await rm(folder, { recursive: true });
  });

  const token = (role: Role, lifetimeSeconds = 600): Promise<string> => developmentToken({ keyFile, role, customerId, merchantId, lifetimeSeconds });
  return {
    api,
    keyFile,
    metrics,
    token,
    orders,
    offers,
    async rest(path, init = {}) {
      const isRaw = typeof init.body === 'string' || init.body instanceof Uint8Array;
      const response = await fetch(api.httpUrl + path, {
        method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${await token(init.role ?? 'support')}`,
          ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...init.headers,
        },
        ...(init.body === undefined ? {} : { body: isRaw ? (init.body as string) : JSON.stringify(init.body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined,
      };
    },
    async metadata(role = 'support', more = {}) {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${await token(role)}`);
      for (const [name, value] of Object.entries(more)) metadata.set(name, value);
      return metadata;
    },
  };
};

/** A call of a generated client as a promise; it rejects with the ServiceError. */
export const call = <Answer>(send: (callback: (error: ServiceError | null, answer: Answer) => void) => unknown): Promise<Answer> =>
  new Promise((resolve, reject) => void send((error, answer) => (error ? reject(error) : resolve(answer))));

/** What a failed gRPC call says of itself: google.rpc.Status of `grpc-status-details-bin`, unpacked. */
export type GrpcFailure = {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly string[];
  readonly retryAfterMs: number | undefined;
};

/** The failure of a call that must fail. */
export const failureOf = async (failing: Promise<unknown>): Promise<GrpcFailure> => {
  const error = await failing.then(
    (answer) => assert.fail(`answered ${inspect(answer)}`),
    (reason: ServiceError) => reason,
  );
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const { details } = bytes ? Status.decode(bytes as Buffer) : { details: [] };
  const detail = <Message>(name: string, codec: { decode(input: Uint8Array): Message }): Message | undefined => {
    const any = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`);
    return any && codec.decode(any.value);
  };
  const info = detail('ErrorInfo', ErrorInfo);
  const delay = detail('RetryInfo', RetryInfo)?.retryDelay;
  return {
    code: error.code,
    message: error.details,
    reason: info?.reason,
    metadata: info?.metadata ?? {},
    fields: detail('BadRequest', BadRequest)?.fieldViolations.map(({ field, description }) => `${field} ${description}`) ?? [],
    retryAfterMs: delay && Number(delay.seconds) * 1_000 + delay.nanos / 1e6,
  };
};
