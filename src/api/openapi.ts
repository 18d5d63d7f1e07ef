import type { Contract, MethodDescription } from './descriptors.ts';
import type { HttpRoute } from './http-rule.ts';
import { exampleOf } from './openapi-examples.ts';
import { deprecationDocs, headers, parameters } from './openapi-headers.ts';
import { problemResponses, problemSchema, problemsOf } from './openapi-problems.ts';
import { isRequired, nameOf, parameter, reachable, reference, schemaOf } from './openapi-schemas.ts';

/** A piece of an OpenAPI 3.1 document. */
type Json = Readonly<Record<string, unknown>>;

/** The REST API in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), derived from the contract: paths, schemas with their rules, comments, examples. */
export const openapi = (contract: Contract, options: { readonly version: string }): Json => {
  const methods = contract.methods.filter(({ routes }) => routes.length > 0);
  const requested = reachable(methods.map(({ input }) => input));
  const answered = reachable(methods.map(({ output }) => output));
  const requestsOnly = new Set(methods.map(({ input }) => input.typeName));
  const schemas = [...new Set([...requested, ...answered])].filter(({ typeName }) => !requestsOnly.has(typeName));
  const services = [...new Set(methods.map(({ descriptor }) => descriptor.parent))];
  const paths: Record<string, Record<string, Json>> = {};
  for (const method of methods) {
    for (const route of method.routes) (paths[route.path] ??= {})[route.verb.toLowerCase()] = operation(contract, method, route);
  }
  const scopes = [...new Set(methods.map(({ scope }) => scope))].toSorted();
  return {
    openapi: '3.1.1',
    info: {
      title: 'Orders',
      version: options.version,
      description,
      contact: { name: 'Order platform' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server.' }],
    tags: services.map((service) => ({ name: service.name, description: contract.comment(service) })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `An access token of the OpenID Connect issuer; each operation names the scope that it needs. In development \`npm run --silent token -- support\` prints one. Scopes: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`,
        },
      },
      parameters,
      headers,
      responses: problemResponses,
      schemas: {
        ...Object.fromEntries(schemas.map((message) => [nameOf(message), schemaOf(contract, message, message.fields, requested.has(message))])),
        Problem: problemSchema,
      },
    },
    security: [{ bearer: [] }],
  };
};

const description = [
  'Offers, orders and their histories, payments and returns. Every method is served over gRPC as well, from the same contract.',
  '**Identify yourself** with a bearer token. **Change** things with a key in `Idempotency-Key`: sent again with the same key, a request does nothing more and gets its first answer.',
  '**Read what you wrote** by bringing the `consistency_token` of an answer as the header `consistency-token`. **Change only what you saw** with the `ETag` in `If-Match`.',
  '**Lists** come in pages: bring `next_page_token` as `page_token` until it is empty. **Problems** are RFC 9457; switch on their `code`, and simply try again only where there is `Retry-After`.',
].join('\n\n');

const operation = (contract: Contract, method: MethodDescription, route: HttpRoute): Json => {
  const { input, descriptor, scope, deprecation } = method;
  const others = input.fields.filter((field) => !route.pathFields.includes(field));
  const has = (name: string): boolean => input.fields.some((field) => field.name === name);
  const isQuery = route.verb === 'GET';
  const [summary = '', ...more] = contract.comment(descriptor).split(/(?<=\.) /);
  return {
    operationId: method.name,
    tags: [descriptor.parent.name],
    summary: summary.replace(/\.$/, ''),
    description: [...more, `Scope: \`${scope}\`.`].join(' '),
    ...(deprecation ? { deprecated: true } : {}),
    parameters: [
      ...route.pathFields.map((field) => ({ ...parameter(contract, field), in: 'path', required: true })),
      ...(route.hasBody ? [] : others.map((field) => ({ ...parameter(contract, field), in: 'query', required: isRequired(contract, field) }))),
      ...(has('request_id') ? [named('IdempotencyKey')] : []),
      ...(has('etag') ? [named('IfMatch')] : []),
      ...(isQuery ? [named('ConsistencyToken')] : []),
      ...(method.streams ? [named('LastEventId')] : []),
      named('CorrelationId'),
    ],
    ...(route.hasBody
      ? {
          requestBody: {
            required: others.some((field) => isRequired(contract, field)),
            content: {
              'application/json': { schema: schemaOf(contract, input, others, true), example: exampleOf(contract, others, true) },
            },
          },
        }
      : {}),
    responses: {
      ...successes(contract, method),
      ...problemsOf({
        changes: !isQuery,
        isAboutOne: route.pathFields.length > 0,
        takesEtag: has('etag'),
        takesKey: has('request_id'),
        hasBody: route.hasBody,
      }),
    },
    security: [{ bearer: [scope] }],
  };
};

const named = (parameterName: string): Json => ({ $ref: `#/components/parameters/${parameterName}` });

const successes = (contract: Contract, method: MethodDescription): Json => {
  const { output, creates, deprecation } = method;
  const header = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
  const always = {
    'x-correlation-id': header('CorrelationId'),
    ratelimit: header('RateLimit'),
    'ratelimit-policy': header('RateLimitPolicy'),
    ...(deprecation ? deprecationDocs : {}),
  };
  const example = exampleOf(contract, output.fields, false);
  if (method.streams) {
    const events = `id: 1\ndata: ${JSON.stringify(example)}\n\nevent: end\ndata: {}\n\n`;
    return {
      200: {
        description: `Server-sent events: each has a ${nameOf(output)} as data and its revision as id, an event \`end\` says that all was said, an event \`problem\` brings the problem that ended the stream. A comment every 15 s keeps it open.`,
        headers: always,
        content: { 'text/event-stream': { schema: { type: 'string', contentMediaType: 'application/json' }, example: events } },
      },
      204: { description: 'All has been said already: what Last-Event-ID names was the last.', headers: always },
    };
  }
  const done = {
    description: creates ? 'Created.' : 'Done.',
    headers: {
      ...always,
      ...(output.field['revision'] ? { etag: header('ETag') } : {}),
      ...(creates ? { location: header('Location') } : {}),
    },
    content: { 'application/json': { schema: reference(nameOf(output)), example } },
  };
  return { [creates ? '201' : '200']: done };
};
