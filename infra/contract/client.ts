import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Contract, MethodDescription } from '../../src/api/descriptors.ts';

/** What `clients/typescript` gets beside the messages: source texts, by their place below its folder of generated code. */
export type ClientModules = Readonly<Record<'methods.ts' | 'requests.ts', string>>;

/** The methods that the published client offers, and what they take; throws where the contract says something the client could not. */
export const clientModules = (contract: Contract, banner: string): ClientModules => {
  const methods = contract.methods.filter(({ routes }) => routes.length > 0);
  const taken = new Set<string>();
  for (const { key } of methods) {
    if (taken.has(key)) throw new Error(`two services have a method ${key}: the client offers the methods of all services side by side`);
    taken.add(key);
  }
  return { 'methods.ts': methodsModule(contract, methods, banner), 'requests.ts': requestsModule(contract, methods, banner) };
};

const methodsModule = (contract: Contract, methods: readonly MethodDescription[], banner: string): string => {
  const messages = importsOf(methods.flatMap(({ input, output }) => [input, output]));
  const table = methods.map((method) => {
    const { service, name, key, input, output } = method;
    const { verb, path } = method.routes[0]!;
    const answers = streams(method) ? 'stream' : 'once';
    return `  ${key}: {
    name: '${service}/${name}',
    answers: '${answers}',
    verb: '${verb}',
    path: '${path}',
    request: ${nameOf(input)},
    response: ${nameOf(output)},
  },\n`;
  });
  const types = methods.map((method) => {
    const { key, scope, input, output, descriptor, routes } = method;
    const request = `request: ${inputName(input)}`;
    const answer = streams(method)
      ? `(${request}, options?: StreamOptions) => AsyncIterable<${nameOf(output)}>`
      : `(${request}, options?: CallOptions) => Promise<${nameOf(output)}>`;
    return `${comment(`${contract.comment(descriptor)} Scope \`${scope}\`; \`${routes[0]!.verb} ${routes[0]!.path}\` in REST.`)}  readonly ${key}: ${answer};\n`;
  });
  const inputs = [...new Set(methods.map(({ input }) => inputName(input)))].toSorted();
  return `${banner}
import type { CallOptions, StreamOptions } from '../call-options.ts';
import type { Method } from '../method.ts';
${messages}import type { ${inputs.join(', ')} } from './requests.ts';

/** Every public method: where it is on both transports, and the codecs of its messages. */
export const methods: Readonly<Record<keyof Methods, Method>> = {
${table.join('')}};

/** The public methods as a client offers them. They reject with an \`ApiError\`. */
export type Methods = {
${types.join('')}};
`;
};

const requestsModule = (contract: Contract, methods: readonly MethodDescription[], banner: string): string => {
  const messages = new Set<DescMessage>();
  const enums = new Set<DescEnum>();
  const visit = (message: DescMessage): void => {
    if (messages.has(message) || isTimestamp(message)) return;
    messages.add(message);
    for (const field of message.fields) {
      if (field.message) visit(field.message);
      if (field.enum) enums.add(field.enum);
    }
  };
  for (const { input } of methods) visit(input);
  const types = [...messages].map((message) => {
    const fields = message.fields.map((field) => {
      if (field.name !== snakeCase(field.localName)) throw new Error(`${field.toString()}: its name does not come back from camel case`);
      const optional = isRequired(contract, field) ? '' : '?';
      return `${comment(contract.comment(field))}  readonly ${field.localName}${optional}: ${inputType(field)}${optional && ' | undefined'};\n`;
    });
    return `\n${comment(contract.comment(message), '')}export type ${inputName(message)} = {\n${fields.join('')}};\n`;
  });
  return `${banner}\n${importsOf([...enums], 'import type')}${types.join('')}`;
};

/** What a request cannot do without: fields that its rules require, lists that may not be empty, numbers that may not be zero. */
const isRequired = (contract: Contract, field: DescField): boolean => {
  const rules = contract.rules(field);
  const isOptional = field.proto.proto3Optional;
  return !isOptional && rules !== undefined && (rules.required || rules.minItems > 0 || (rules.min !== undefined && rules.min > 0n));
};

const inputType = (field: DescField): string => {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarType(field.scalar, field);
    case 'enum':
      return nameOf(field.enum);
    case 'message':
      return messageType(field.message);
    case 'list':
      if (field.listKind === 'message') return `readonly ${messageType(field.message)}[]`;
      return `readonly ${field.listKind === 'enum' ? nameOf(field.enum) : scalarType(field.scalar, field)}[]`;
    case 'map':
      throw new Error(`${field.toString()}: maps are not supported in requests`);
  }
};

const messageType = (message: DescMessage): string => (isTimestamp(message) ? 'Date' : inputName(message));

const scalarType = (scalar: ScalarType, field: DescField): string => {
  const type = scalarTypes[scalar];
  if (type === undefined) throw new Error(`${field.toString()}: ${ScalarType[scalar]} is not supported in requests`);
  return type;
};

/** 64-bit integers may be given as safe integers, too. */
const scalarTypes: Readonly<Partial<Record<ScalarType, string>>> = {
  [ScalarType.STRING]: 'string',
  [ScalarType.BOOL]: 'boolean',
  [ScalarType.INT32]: 'number',
  [ScalarType.UINT32]: 'number',
  [ScalarType.INT64]: 'bigint | number',
};

const streams = ({ descriptor }: MethodDescription): boolean => descriptor.methodKind === 'server_streaming';
const isTimestamp = ({ typeName }: DescMessage): boolean => typeName === 'google.protobuf.Timestamp';
const inputName = (message: DescMessage): string => `${nameOf(message)}Input`;

/** The generated code's name of a type: `PlaceOrderRequest_Line`. */
const nameOf = (type: DescMessage | DescEnum): string => (type.parent ? `${nameOf(type.parent)}_${type.name}` : type.name);

const importsOf = (types: readonly (DescMessage | DescEnum)[], statement = 'import'): string => {
  const byFile = Map.groupBy(new Set(types), ({ file }) => file.name);
  return [...byFile]
    .map(([file, each]) => `${statement} { ${each.map(nameOf).toSorted().join(', ')} } from './${file}.ts';\n`)
    .toSorted()
    .join('');
};

const comment = (text: string, indent = '  '): string => (text === '' ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`);
const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
