import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';

/** `google.api.HttpRule`, as far as it is served. */
export type HttpRule = {
  readonly pattern: { readonly case: string | undefined; readonly value?: unknown };
  readonly body: string;
  readonly responseBody: string;
};

/** One REST route of a method. */
export type HttpRoute = {
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in the contract: `/v1/orders/{order_id}:cancel`. */
  readonly path: string;
  /** As fastify's router wants it: `/v1/orders/:order_id([^/:]+)::cancel`. */
  readonly pattern: string;
  /** Matches what `pattern` matches. */
  readonly matches: RegExp;
  /** The fields that the path gives. */
  readonly pathFields: readonly DescField[];
  /** The other fields come in the body; otherwise in the query. */
  readonly hasBody: boolean;
};

/** Reads one binding. Throws, naming the method, where it asks for what is not served: wildcards, nested fields, partial bodies. */
export const parseHttpRule = (method: string, rule: HttpRule, input: DescMessage): HttpRoute => {
  const fail = (why: string): never => {
    throw new Error(`${method}: its google.api.http rule cannot be served: ${why}`);
  };
  const verb = verbs[rule.pattern.case ?? ''] ?? fail('it has none of get, post, put, patch, delete');
  const path = String(rule.pattern.value);
  if (!pathTemplate.test(path)) fail(`${path} is not of the form /a/{field}/b:verb`);
  if (rule.body !== '' && rule.body !== '*') fail('body must be "*" or absent');
  if (rule.responseBody !== '') fail('response_body is not supported');
  if (rule.body === '*' && (verb === 'GET' || verb === 'DELETE')) fail(`${verb} takes no body`);

  const pathFields = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]): DescField => {
    const field = input.fields.find((each) => each.name === name) ?? fail(`${input.typeName} has no field ${name}`);
    return field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING ? field : fail(`${name} in the path is no text`);
  });
  const hasBody = rule.body === '*';
  for (const field of hasBody ? [] : input.fields) {
    if (!pathFields.includes(field) && !fitsQuery(field)) fail(`${field.name} does not fit into a query`);
  }
  const verbStart = path.indexOf(':');
  const plainPath = verbStart < 0 ? path : path.slice(0, verbStart);
  const customVerb = verbStart < 0 ? '' : path.slice(verbStart);
  return {
    verb,
    path,
    pattern: plainPath.replaceAll(/\{(\w+)\}/g, ':$1([^/:]+)') + customVerb.replace(':', '::'),
    matches: new RegExp(`^${plainPath.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/:]+')}${customVerb}$`),
    pathFields,
    hasBody,
  };
};

const verbs: Readonly<Record<string, HttpRoute['verb']>> = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' };
const pathTemplate = /^(\/([A-Za-z0-9_.-]+|\{\w+\}))+(:[A-Za-z]+)?$/;

const fitsQuery = (field: DescField): boolean => {
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      return true;
    case 'message':
      return field.message.typeName === 'google.protobuf.Timestamp';
    case 'list':
    case 'map':
      return false;
  }
};
