import { credentials, Metadata } from '@grpc/grpc-js';
import { create, createFileRegistry, fromBinary, toJson, type JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { SignJWT } from 'jose';
import type { Client, ClientOptions } from '../../clients/typescript/src/client.ts';
import { grpcClient } from '../../clients/typescript/src/grpc.ts';
import { restClient } from '../../clients/typescript/src/rest.ts';
import { developmentIssuer, developmentKey, developmentToken, roles, type Role } from '../../src/api/development-issuer.ts';
import { descriptors } from '../../src/contract/generated/descriptors.ts';
import { OfferServiceClient } from '../../src/contract/generated/orders/v1/offers.ts';
import { OrderServiceClient } from '../../src/contract/generated/orders/v1/orders.ts';

/** What the API answered over REST. */
export type RestAnswer = { readonly status: number; readonly headers: Headers; readonly body: any };

/** Who calls: a role of the development issuer, bound to a tenant where it has to be, or scopes of one's own. */
export type Who = { readonly role?: Role; readonly scopes?: readonly string[]; readonly customerId?: string; readonly merchantId?: string };

/** The transports of the API. */
export type Via = 'grpc' | 'rest';

export type Clients = {
  /** The published client for somebody; what the other members send is for tests of a transport as such. */
  readonly as: (who: Who, via?: Via, options?: Omit<ClientOptions, 'token'>) => Client;
  readonly orders: OrderServiceClient;
  readonly offers: OfferServiceClient;
  readonly token: (who: Who) => Promise<string>;
  readonly metadata: (who: Who, more?: Readonly<Record<string, string>>) => Promise<Metadata>;
  readonly rest: (who: Who, method: 'GET' | 'POST', path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<RestAnswer>;
  readonly close: () => void;
};

/** Clients of both APIs of one process, with tokens of the development issuer. */
export const openClients = (options: { readonly httpUrl: string; readonly grpcAddress: string; readonly keyFile: string }): Clients => {
  const { httpUrl, grpcAddress, keyFile } = options;
  const impatient = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
  const orders = new OrderServiceClient(grpcAddress, credentials.createInsecure(), impatient);
  const offers = new OfferServiceClient(grpcAddress, credentials.createInsecure(), impatient);
  const tokens = new Map<string, Promise<string>>();
  const token = (who: Who): Promise<string> => {
    const name = JSON.stringify(who);
    const known = tokens.get(name) ?? makeToken(who, keyFile);
    tokens.set(name, known);
    return known;
  };
  const opened: Client[] = [];
  return {
    as(who, via = 'grpc', more = {}) {
      const given = { token: () => token(who), ...more };
      const client = via === 'grpc' ? grpcClient({ address: grpcAddress, plaintext: true, ...given }) : restClient({ url: httpUrl, ...given });
      opened.push(client);
      return client;
    },
    orders,
    offers,
    token,
    async metadata(who, more = {}) {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${await token(who)}`);
      for (const [name, value] of Object.entries(more)) metadata.set(name, value);
      return metadata;
    },
    async rest(who, method, path, body, headers = {}) {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(httpUrl + path, {
        method,
        headers: { authorization: `Bearer ${await token(who)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
    close() {
      orders.close();
      offers.close();
      for (const client of opened) client.close();
    },
  };
};

const makeToken = async ({ role, scopes, customerId, merchantId }: Who, keyFile: string): Promise<string> => {
  if (role && !scopes) return developmentToken({ keyFile, role, ...(customerId ? { customerId } : {}), ...(merchantId ? { merchantId } : {}) });
  const { privateKey } = await developmentKey(keyFile);
  return new SignJWT({
    scope: (scopes ?? (role ? roles[role].scopes : [])).join(' '),
    ...(customerId ? { customer_id: customerId } : {}),
    ...(merchantId ? { merchant_id: merchantId } : {}),
  })
    .setProtectedHeader({ alg: developmentIssuer.algorithm })
    .setIssuer(developmentIssuer.issuer)
    .setAudience(developmentIssuer.audience)
    .setSubject('somebody@development')
    .setExpirationTime('1h')
    .sign(privateKey);
};

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64')));

/** A message's proto3 JSON as protobuf-es, which is nobody's codec here, writes it: the proto's names, all fields of an answer or those of a request that are set. */
export const protobufJson = (typeName: string, bytes: Uint8Array, fields: 'all' | 'set' = 'all'): Record<string, JsonValue> => {
  const description = registry.getMessage(typeName)!;
  const message = bytes.length === 0 ? create(description) : fromBinary(description, bytes);
  return toJson(description, message, { useProtoFieldName: true, alwaysEmitImplicit: fields === 'all', registry }) as Record<string, JsonValue>;
};
