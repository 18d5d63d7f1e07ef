import type { DescField } from '@bufbuild/protobuf';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { services as codecs } from '../contract/generated/services.ts';
import type { Method, StreamingMethod } from '../platform/call.ts';
import type { Contract, MethodDescription } from './descriptors.ts';
import type { Budget } from './rate-limits.ts';
import type { Message } from './read-json.ts';
import { wireReader, type ReadWire } from './read-wire.ts';
import { validators, type Validate } from './validate.ts';

type Codecs = typeof codecs;
type Decoded<Codec> = Codec extends { decode(input: Uint8Array): infer Decodes } ? Decodes : never;

/** What the platform must implement: every service of the contract, every method of it. */
export type Services = {
  readonly [Service in keyof Codecs]: {
    readonly [Name in keyof Codecs[Service]]: Codecs[Service][Name] extends { readonly request: infer Request; readonly response: infer Response }
      ? Codecs[Service][Name] extends { readonly streams: true }
        ? StreamingMethod<Decoded<Request>, Decoded<Response>>
        : Method<Decoded<Request>, Decoded<Response>>
      : never;
  };
};

/** A method ready to be called, and one that answers with a stream. */
export type ReadyMethod = Ready & { readonly run: Method<Message, Message> };
export type ReadyStream = Ready & { readonly open: StreamingMethod<Message, Message> };

/** Everything about a method that can be known before the first call. */
export type Ready = {
  readonly description: MethodDescription;
  /** `orders.v1.OrderService/PlaceOrder`: in logs, metrics and gRPC paths. */
  readonly name: string;
  readonly scope: string;
  /** What its requests count as. */
  readonly budget: Budget;
  /** Throws where the bytes are no such message; what it does not know it ignores. */
  readonly decode: ReadWire;
  readonly validate: Validate;
  readonly encode: (message: Message) => Buffer;
  /** Whether answers have a revision, the ETag in REST. */
  readonly hasRevision: boolean;
  /** The field of the request with this name, where it is text. */
  readonly textField: (name: string) => DescField | undefined;
};

/** Things of methods, by service and method, when their types no longer matter. */
type Named<Thing> = Readonly<Record<string, Readonly<Record<string, Thing>>>>;
type Codec = { encode(message: never): BinaryWriter };

/** Brings contract and implementation together. Throws, naming the method, where one of the contract is not implemented or the other way round. */
export const readyMethods = (contract: Contract, services: Services): readonly (ReadyMethod | ReadyStream)[] => {
  const validatorOf = validators(contract);
  const readerOf = wireReader();
  const implemented = new Set(Object.entries(services).flatMap(([service, methods]) => Object.keys(methods).map((key) => `${service}/${key}`)));
  const methods = contract.methods.map((description): ReadyMethod | ReadyStream => {
    const { service, name, key, scope, routes, input, output } = description;
    const implementation = (services as unknown as Named<unknown>)[service]?.[key];
    const codec = (codecs as Named<{ readonly response: Codec }>)[service]?.[key];
    if (!implementation) throw new Error(`${service}.${name} has no implementation: the service object lacks ${key}`);
    if (!codec) throw new Error(`${service}.${name} has no codec: run npm run generate`);
    implemented.delete(`${service}/${key}`);
    const { response } = codec;
    const ready: Ready = {
      description,
      name: `${service}/${name}`,
      scope,
      budget: routes.some(({ verb }) => verb === 'GET') ? 'reads' : 'writes',
      decode: readerOf(input),
      validate: validatorOf(input),
      encode: (message) => bufferOf(response.encode(message as never).finish()),
      hasRevision: output.field['revision'] !== undefined,
      textField: (field) => input.fields.find((each) => each.name === field && each.fieldKind === 'scalar'),
    };
    return description.streams
      ? { ...ready, open: implementation as StreamingMethod<Message, Message> }
      : { ...ready, run: implementation as Method<Message, Message> };
  });
  if (implemented.size > 0) throw new Error(`not in the contract: ${[...implemented].join(', ')}`);
  return methods;
};

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
