import { credentials, makeGenericClientConstructor, Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import { create, createFileRegistry, fromBinary, fromJson, toBinary, toJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { BadRequest, ErrorInfo } from '../../src/contract/generated/google/rpc/error_details.ts';
import { Status } from '../../src/contract/generated/google/rpc/status.ts';
import { readContract, type MethodDescription } from '../../src/api/descriptors.ts';
import { descriptors } from '../../src/contract/generated/descriptors.ts';

const descriptorSet = Buffer.from(descriptors, 'base64');
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));

/** The contract, as the API reads it. */
export const contract = readContract(descriptorSet);

/** A method by its name in the contract: `OrderService/PlaceOrder`. */
export const methodNamed = (name: string): MethodDescription => {
  const found = contract.methods.find(({ service, name: method }) => `${service}/${method}`.endsWith(`.${name}`));
  if (!found) throw new Error(`the contract has no ${name}`);
  return found;
};

/** What came back, whatever the transport: the message in proto3 JSON, or the refusal's code, the fields it names, and the status of gRPC or HTTP. */
export type Told = { readonly message: JsonObject } | { readonly code: string; readonly fields: readonly string[]; readonly status: number };

/** Asks any method of the contract: a message in proto3 JSON with the proto's names, and a token. */
export type Ask = (method: MethodDescription, request: JsonObject, token: string | undefined) => Promise<Told>;

export type Transports = { readonly grpc: Ask; readonly rest: Ask; readonly close: () => void };

/** Both transports of one API, by the contract alone: nobody's clients are needed, so none can be left out. */
export const openTransports = ({ httpUrl, grpcAddress }: { readonly httpUrl: string; readonly grpcAddress: string }): Transports => {
  const client: Client = new (makeGenericClientConstructor({}, 'any'))(grpcAddress, credentials.createInsecure());
  return { grpc: overGrpc(client), rest: overRest(httpUrl), close: () => client.close() };
};

const overGrpc =
  (client: Client): Ask =>
  ({ service, name, input, output }, request, token) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    const bytes = Buffer.from(toBinary(input, fromJson(input, request, { registry })));
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null, answer?: Buffer): void => {
        if (error) return resolve(refusalIn(error));
        const message = answer!.length === 0 ? create(output) : fromBinary(output, answer!);
        resolve({ message: toJson(output, message, { useProtoFieldName: true, alwaysEmitImplicit: true, registry }) as JsonObject });
      };
      client.makeUnaryRequest(`/${service}/${name}`, asIs, asIs, bytes, metadata, answered);
    });
  };

const asIs = (bytes: Buffer): Buffer => bytes;

const refusalIn = (error: ServiceError): Told => {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const { details } = Status.decode((bytes as Buffer | undefined) ?? Buffer.alloc(0));
  const valueOf = (name: string): Uint8Array => details.find(({ typeUrl }) => typeUrl.endsWith(`.${name}`))?.value ?? new Uint8Array();
  const { fieldViolations } = BadRequest.decode(valueOf('BadRequest'));
  return {
    code: ErrorInfo.decode(valueOf('ErrorInfo')).reason || error.message,
    fields: fieldViolations.map(({ field }) => field),
    status: error.code,
  };
};

/** The first route: path fields go into the path, the key and the etag into their headers, the rest into body or query. */
const overRest =
  (httpUrl: string): Ask =>
  async ({ name, routes: [route] }, request, token) => {
    if (!route) throw new Error(`${name} has no route`);
    const { request_id: key, etag, ...fields } = request;
    const inPath = new Set(route.pathFields.map((field) => field.name));
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(text(fields[field])));
    const others = Object.entries(fields).filter(([field]) => !inPath.has(field));
    const query = route.hasBody ? '' : `?${new URLSearchParams(Object.fromEntries(others.map(([field, value]) => [field, text(value)]))).toString()}`;
    const response = await fetch(httpUrl + path + query, {
      method: route.verb,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
        ...(typeof etag === 'string' ? { 'if-match': etag } : {}),
        ...(route.hasBody ? { 'content-type': 'application/json' } : {}),
      },
      ...(route.hasBody ? { body: JSON.stringify(Object.fromEntries(others)) } : {}),
    });
    const body = (await response.json()) as JsonObject & { readonly code?: string; readonly fields?: readonly { readonly field: string }[] };
    return response.ok
      ? { message: body }
      : { code: String(body.code), fields: (body.fields ?? []).map(({ field }) => field), status: response.status };
  };

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
