import {
  createFileRegistry,
  fromBinary,
  getOption,
  hasOption,
  type DescEnum,
  type DescEnumValue,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { parseHttpRule, type HttpRoute, type HttpRule } from './http-rule.ts';

/** What the contract says about itself, read from a descriptor set: methods with their scopes and paths, rules of fields, comments. */
export type Contract = {
  readonly methods: readonly MethodDescription[];
  /** The rules of a field (`orders.options.v1.rules`), if it has any. */
  readonly rules: (field: DescField) => FieldRules | undefined;
  /** A value that the field may have (`orders.options.v1.example`); empty where none is given. */
  readonly example: (field: DescField) => string;
  /** The comment before a declaration, as plain text; empty where there is none. */
  readonly comment: (element: Commented) => string;
  /** The serialised `FileDescriptorProto`s of the public contract and all they import. */
  readonly files: readonly DescFile[];
};

/** One method: what it is called on both transports, and who may call it. */
export type MethodDescription = {
  /** `orders.v1.OrderService` */
  readonly service: string;
  /** `PlaceOrder` */
  readonly name: string;
  /** The name in service objects: `placeOrder`. */
  readonly key: string;
  readonly scope: string;
  /** It answers with any number of messages: server streaming in gRPC, server-sent events in REST. */
  readonly streams: boolean;
  /** The field of the answer with the id of what the method created. */
  readonly creates: DescField | undefined;
  /** Set where the method goes away. */
  readonly deprecation: Deprecation | undefined;
  /** None: the method is internal, served over gRPC only. */
  readonly routes: readonly HttpRoute[];
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly descriptor: DescMethod;
};

/** `orders.options.v1.Deprecation`, as times. */
export type Deprecation = { readonly since: Date; readonly sunset: Date | undefined; readonly link: string };

/** `orders.options.v1.Rules`: zero and empty stand for "no such rule"; they say themselves what they mean in options.proto. */
export type FieldRules = {
  readonly required: boolean;
  readonly maxLength: number;
  readonly pattern: string;
  readonly uuid: boolean;
  readonly min?: bigint;
  readonly max?: bigint;
  readonly minItems: number;
  readonly maxItems: number;
  readonly email: boolean;
  readonly means: string;
};

type Commented = DescService | DescMethod | DescMessage | DescField | DescEnum | DescEnumValue;

/** Reads a serialised `FileDescriptorSet`. Throws, naming the method, where one has no scope or a path that cannot be served, or an internal one a path. */
export const readContract = (descriptorSet: Uint8Array): Contract => {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const access = extension(registry, 'orders.options.v1.access');
  const rules = extension(registry, 'orders.options.v1.rules');
  const example = extension(registry, 'orders.options.v1.example');
  const deprecation = extension(registry, 'orders.options.v1.deprecation');
  const http = extension(registry, 'google.api.http');

  const describe = (service: DescService, method: DescMethod): MethodDescription => {
    const name = `${service.typeName}.${method.name}`;
    const { scope, creates } = hasOption(method, access)
      ? (getOption(method, access) as { scope: string; creates: string })
      : { scope: '', creates: '' };
    if (scope === '') throw new Error(`${name} names no scope: add option (orders.options.v1.access) = {scope: "…"}`);
    const streams = method.methodKind === 'server_streaming';
    if (method.methodKind !== 'unary' && !streams) throw new Error(`${name} takes a stream: only answers are streamed`);
    const rule = hasOption(method, http) ? (getOption(method, http) as HttpRule & { readonly additionalBindings: readonly HttpRule[] }) : undefined;
    if (isInternal(service) && rule) throw new Error(`${name} is internal and has a path: internal methods are served over gRPC only`);
    if (!isInternal(service) && !rule) throw new Error(`${name} has no path: add option (google.api.http)`);
    const created = method.output.fields.find((field) => field.name === creates);
    if (creates !== '' && created?.fieldKind !== 'scalar')
      throw new Error(`${name} creates ${creates}, which is no field of ${method.output.typeName}`);
    const routes = rule ? [rule, ...rule.additionalBindings].map((each) => parseHttpRule(name, each, method.input)) : [];
    if (streams && routes.some(({ verb }) => verb !== 'GET')) throw new Error(`${name} streams, and server-sent events are had with GET only`);
    return {
      service: service.typeName,
      name: method.name,
      key: method.localName,
      scope,
      streams,
      creates: created,
      deprecation: deprecationOf(name, method, hasOption(method, deprecation) ? (getOption(method, deprecation) as DeprecationOption) : undefined),
      routes,
      input: method.input,
      output: method.output,
      descriptor: method,
    };
  };

  const services = [...registry].filter((type) => type.kind === 'service');
  const methods = services.flatMap((service) => service.methods.map((method) => describe(service, method)));
  refuseSharedPaths(methods);
  return {
    methods,
    rules: (field) => (hasOption(field, rules) ? (getOption(field, rules) as FieldRules) : undefined),
    example: (field) => (hasOption(field, example) ? (getOption(field, example) as string) : ''),
    comment: comments(registry),
    files: [...registry.files],
  };
};

type DeprecationOption = { readonly since: string; readonly sunset: string; readonly link: string };

/** Throws, naming the method, where only one of both options says that it goes away, or what is said are no days. */
const deprecationOf = (name: string, method: DescMethod, option: DeprecationOption | undefined): Deprecation | undefined => {
  if (method.deprecated !== (option !== undefined)) throw new Error(`${name}: deprecated = true and (orders.options.v1.deprecation) stand together`);
  if (!option) return undefined;
  const day = (text: string): Date => {
    if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text))) throw new Error(`${name}: ${text} is no day of its deprecation`);
    return new Date(text);
  };
  return { since: day(option.since), sunset: option.sunset === '' ? undefined : day(option.sunset), link: option.link };
};

/** What only the platform's own workers call: `orders.internal.v1`. */
const isInternal = (service: DescService): boolean => service.typeName.startsWith('orders.internal.');

const extension = (registry: FileRegistry, name: string): DescExtension => {
  const found = registry.getExtension(name);
  if (!found) throw new Error(`the descriptor set lacks the option ${name}`);
  return found;
};

const refuseSharedPaths = (methods: readonly MethodDescription[]): void => {
  const taken = new Map<string, string>();
  for (const { service, name, routes } of methods) {
    for (const { verb, path } of routes) {
      const place = `${verb} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`;
      const other = taken.get(place);
      if (other) throw new Error(`${service}.${name} and ${other} share ${verb} ${path}`);
      taken.set(place, `${service}.${name}`);
    }
  }
};

/** Looks comments up by the path of a declaration in its file (descriptor.proto, `SourceCodeInfo.Location.path`). */
const comments = (registry: FileRegistry): Contract['comment'] => {
  const byPath = new Map<DescFile, ReadonlyMap<string, string>>();
  for (const file of registry.files) {
    byPath.set(file, new Map(file.proto.sourceCodeInfo?.location.map(({ path, leadingComments }) => [path.join('.'), plain(leadingComments)])));
  }
  return (element) => byPath.get(fileOf(element))?.get(pathOf(element).join('.')) ?? '';
};

const plain = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();

const fileOf = (element: Commented): DescFile => {
  switch (element.kind) {
    case 'service':
    case 'message':
    case 'enum':
      return element.file;
    case 'rpc':
    case 'field':
    case 'enum_value':
      return element.parent.file;
  }
};

const pathOf = (element: Commented): readonly number[] => {
  switch (element.kind) {
    case 'service':
      return [6, element.file.services.indexOf(element)];
    case 'rpc':
      return [...pathOf(element.parent), 2, element.parent.methods.indexOf(element)];
    case 'message':
      return element.parent
        ? [...pathOf(element.parent), 3, element.parent.proto.nestedType.indexOf(element.proto)]
        : [4, element.file.proto.messageType.indexOf(element.proto)];
    case 'field':
      return [...pathOf(element.parent), 2, element.parent.proto.field.indexOf(element.proto)];
    case 'enum':
      return element.parent
        ? [...pathOf(element.parent), 4, element.parent.proto.enumType.indexOf(element.proto)]
        : [5, element.file.proto.enumType.indexOf(element.proto)];
    case 'enum_value':
      return [...pathOf(element.parent), 2, element.parent.values.indexOf(element)];
  }
};
