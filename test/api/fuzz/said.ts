import { ScalarType, type DescMessage } from '@bufbuild/protobuf';
import type { OutgoingHttpHeaders } from 'node:http';
import type { MethodDescription } from '../../../src/api/descriptors.ts';
import type { Draft } from './drafts.ts';
import { isNumber } from './rule-book.ts';
import type { GrpcRequest } from './raw-grpc.ts';
import { framed } from './raw-grpc.ts';
import type { RestRequest } from './raw-rest.ts';
import { declaredRules } from './rule-book.ts';
import { bytesOf, jsonOfBytes } from './wire.ts';

/** A draft as gRPC says it. */
export const saidInGrpc = (method: MethodDescription, bytes: Uint8Array, headers: OutgoingHttpHeaders): GrpcRequest => ({
  path: `/${method.service}/${method.name}`,
  headers,
  body: framed(bytes),
  streams: isStreaming(method),
});

/** Whether the method answers with a stream. */
export const isStreaming = (method: MethodDescription): boolean => (method.descriptor.methodKind as string) === 'server_streaming';

/**
 * A draft as REST says it, over one of the method's routes: path fields in the path, the rest in body or query; the key and the etag
 * in their headers where a header can hold them and `inHeaders` says so.
 */
export const saidInRest = (
  method: MethodDescription,
  draft: Draft,
  headers: OutgoingHttpHeaders,
  inHeaders: boolean,
  route = method.routes[0]!,
): RestRequest => {
  const inPath = new Set(route.pathFields.map(({ name }) => name));
  const { request_id: key, etag } = draft;
  const more: Record<string, string> = {};
  if (inHeaders && typeof key === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(key)) more['idempotency-key'] = key;
  if (inHeaders && route.verb !== 'GET' && typeof etag === 'string' && /^[\x21\x23-\x7e]+$/.test(etag))
    more['if-match'] = etag === '*' ? '*' : `"${etag}"`;
  const others = Object.entries(draft).filter(
    ([name]) => !inPath.has(name) && !(name === 'request_id' && 'idempotency-key' in more) && !(name === 'etag' && 'if-match' in more),
  );
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inUrl(draft[name] ?? ''));
  const query = route.hasBody ? '' : others.map(([name, value]) => `${name}=${inUrl(value)}`).join('&');
  return {
    method: route.verb,
    path: path + (query === '' ? '' : `?${query}`),
    headers: { ...(route.hasBody ? { 'content-type': 'application/json' } : {}), ...more, ...headers },
    body: route.hasBody ? Buffer.from(JSON.stringify(Object.fromEntries(others))) : undefined,
    streams: isStreaming(method),
  };
};

/** Node's HTTP server takes no more of a request line and headers together; the rest it may not even read. */
export const isTooLong = ({ path }: RestRequest): boolean => path.length > 15_000;

const inUrl = (value: unknown): string => encodeURIComponent(String(value).toWellFormed());

/** What a valid draft means: ids in lower case, and nothing of what is the same as nothing. */
export const meaningOf = (message: DescMessage, draft: Draft): Draft =>
  withLowerIds(message, plain(message, jsonOfBytes(message, bytesOf(message, draft))!));

const plain = (message: DescMessage, json: Draft): Draft =>
  Object.fromEntries(
    message.fields.flatMap((field): [string, unknown][] => {
      const value = json[field.name];
      if (value === undefined) return [];
      if (field.fieldKind === 'list') return [[field.name, field.message ? (value as Draft[]).map((each) => plain(field.message, each)) : value]];
      if (field.message) return [[field.name, field.message.typeName.startsWith('google.') ? value : plain(field.message, value as Draft)]];
      if (!field.proto.proto3Optional) {
        if (value === '' || value === false || value === field.enum?.values[0]!.name) return [];
        if (field.scalar !== undefined && isNumber(field.scalar) && BigInt(value as string) === 0n) return [];
      }
      return [[field.name, value]];
    }),
  );

/** A method gets ids in lower case, however they were written. */
const withLowerIds = (message: DescMessage, json: Draft): Draft =>
  Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = message.fields.find((each) => each.name === name)!;
      if (Array.isArray(value)) return [name, field.message ? value.map((each) => withLowerIds(field.message!, each as Draft)) : value];
      if (field.message && typeof value === 'object') return [name, withLowerIds(field.message, value as Draft)];
      return [name, field.scalar === ScalarType.STRING && declaredRules(field).uuid ? (value as string).toLowerCase() : value];
    }),
  );

/** What bytes mean, once they were found to be valid. */
export const meaningOfBytes = (message: DescMessage, bytes: Uint8Array): Draft => withLowerIds(message, plain(message, jsonOfBytes(message, bytes)!));

/** What arrived at a method, in the words of the contract. */
export const meaningOfArrived = (message: DescMessage, arrived: Draft): Draft => plain(message, renamed(message, arrived));

const renamed = (message: DescMessage, arrived: Draft): Draft =>
  Object.fromEntries(
    message.fields.flatMap((field): [string, unknown][] => {
      const value = arrived[field.localName];
      if (value === undefined) return [];
      const one = (each: unknown): unknown =>
        each instanceof Date
          ? each.toISOString()
          : typeof each === 'bigint'
            ? each.toString()
            : field.message
              ? renamed(field.message, each as Draft)
              : each;
      const items = Array.isArray(value) ? value.map(one) : one(value);
      return Array.isArray(items) && items.length === 0 ? [] : [[field.name, items]];
    }),
  );
