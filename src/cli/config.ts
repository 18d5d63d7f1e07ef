import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { briefTerms, standardTerms, type Terms } from '../domain/terms.ts';
import { isEventStoreDbUrl, parseConnectionString } from '../eventstore/eventstoredb/connection-string.ts';

/** The roles that a process can take. */
export const roles = ['api', 'projector', 'processes', 'forwarder'] as const;
export type Role = (typeof roles)[number];

const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL');
/** The log's place: a database with its schema, or an EventStoreDB. */
const eventStoreUrl = z.string().superRefine((url, context) => {
  if (/^postgres(ql)?:\/\//.test(url)) return;
  try {
    if (!isEventStoreDbUrl(url)) throw new Error('must be a postgres://, esdb:// or esdb+discover:// URL');
    parseConnectionString(url);
  } catch (error) {
    context.addIssue((error as Error).message);
  }
});
const port = z.coerce.number().int().min(0).max(65_535);
const host = z.string().min(1);

const perMinute = z.coerce.number().int().min(1).max(100_000_000);

/** What every role reads. */
const every = {
  DATABASE_URL: databaseUrl.describe('The runtime role on the database of the read models.'),
  EVENT_STORE_URL: eventStoreUrl.optional().describe('The log; DATABASE_URL when left out.'),
  OIDC_ISSUER: z.url().optional().describe('The issuer whose tokens count.'),
  AUTH_MODE: z.literal('development', 'can only be `development`').optional().describe('Tokens of the built-in issuer count; loopback only.'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  METRICS_HOST: host.default('127.0.0.1'),
  METRICS_PORT: port.default(9_464),
  SHUTDOWN_GRACE_MS: z.coerce.number().int().min(100).max(600_000).default(15_000),
};

const terms = z
  .enum(['standard', 'brief'])
  .default('standard')
  .describe('How long the steps of an order may take; `brief`: seconds, in development.');

const masterKey = z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64');

/** What each role reads beside that. Nothing else is read from the environment anywhere. */
const schemas = {
  api: z.object({
    ...every,
    TERMS: terms,
    PRIVACY_DATABASE_URL: databaseUrl.describe("The runtime role on the keys' database."),
    PRIVACY_MASTER_KEY: masterKey.describe('Wraps the keys of personal data.'),
    OIDC_AUDIENCE: z.string().min(1).optional().describe('The audience that tokens must name.'),
    DEVELOPMENT_KEY_FILE: z.string().min(1).optional().describe("The built-in issuer's key; made when missing."),
    REDIS_URL: z
      .string()
      .regex(/^rediss?:\/\//, 'must be a redis:// URL')
      .optional()
      .describe('Where all api processes count requests; without it nobody is limited.'),
    RATE_LIMIT_READS: perMinute.default(12_000).describe('Reads a minute of each customer, merchant or person.'),
    RATE_LIMIT_WRITES: perMinute.default(6_000),
    RATE_LIMIT_SERVICE_READS: perMinute.default(1_200_000).describe('Reads a minute of each system that acts for everybody.'),
    RATE_LIMIT_SERVICE_WRITES: perMinute.default(600_000),
    HTTP_HOST: host.default('127.0.0.1'),
    HTTP_PORT: port.default(8_080),
    CONSOLE_ORIGIN: z
      .url({ protocol: /^https?$/ })
      .refine((url) => url === new URL(url).origin, 'must be an origin, such as https://console.example.org')
      .optional()
      .describe('The one other origin whose pages may call the REST API.'),
    GRPC_HOST: host.default('127.0.0.1'),
    GRPC_PORT: port.default(9_090),
  }),
  projector: z.object(every),
  processes: z.object({
    ...every,
    TERMS: terms,
    PAYMENTS: z.literal('sandbox', 'can only be `sandbox`').optional().describe('Payments answer themselves, without money; in development.'),
  }),
  forwarder: z.object({
    ...every,
    RABBITMQ_URL: z.string().regex(/^amqps?:\/\//, 'must be an amqp:// URL'),
    EVENTS_EXCHANGE: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+\.events$/, 'must end in .events')
      .default('orders.events'),
  }),
} as const;

export type Config<Name extends Role> = z.infer<(typeof schemas)[Name]> & { readonly EVENT_STORE_URL: string };

/** The environment is not as it must be; the message names every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads a role's configuration. Throws {@link ConfigError} with all problems at once. */
export const readConfig = <Name extends Role>(role: Name, environment: NodeJS.ProcessEnv): Config<Name> => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schemas[role].safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${given[String(path[0])] === undefined ? 'is not set' : message}`);
  if ((given['OIDC_ISSUER'] === undefined) === (given['AUTH_MODE'] === undefined))
    problems.push('exactly one of OIDC_ISSUER and AUTH_MODE=development must be set');
  if (role === 'api' && given['OIDC_ISSUER'] !== undefined && given['OIDC_AUDIENCE'] === undefined)
    problems.push('OIDC_AUDIENCE is not set: OIDC_ISSUER needs it, or the tokens of any client of that issuer would count');
  if (role === 'api' && given['AUTH_MODE'] === 'development' && given['DEVELOPMENT_KEY_FILE'] === undefined)
    problems.push('DEVELOPMENT_KEY_FILE is not set: AUTH_MODE=development needs it');
  if (given['AUTH_MODE'] !== 'development')
    for (const [name, value] of [
      ['TERMS', 'brief'],
      ['PAYMENTS', 'sandbox'],
    ] as const)
      if (name in schemas[role].shape && given[name] === value) problems.push(`${name}=${value} is for development: it needs AUTH_MODE=development`);
  if (!parsed.success || problems.length > 0)
    throw new ConfigError(`The configuration of the role ${role} is not complete:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  return { ...parsed.data, EVENT_STORE_URL: parsed.data.EVENT_STORE_URL ?? parsed.data.DATABASE_URL } as Config<Name>;
};

/** The configuration as it may be shown: passwords and keys are cut out. */
export const redacted = (config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name.endsWith('KEY')) return [name, '[redacted]'];
      return [name, typeof value === 'string' ? withoutSecrets(value) : value];
    }),
  );

/** A URL without its password, wherever it stands. */
const withoutSecrets = (url: string): string =>
  url
    .replace(/^([a-z+]+:\/\/[^:@/?#]*):[^/?#]*@/, '$1:[redacted]@')
    .replaceAll(/([?&][^=&#]*(?:password|secret|key|token)[^=&#]*=)[^&#]*/gi, '$1[redacted]');

/** The terms that a configuration names. */
export const termsOf = (name: 'standard' | 'brief'): Terms => ({ standard: standardTerms, brief: briefTerms })[name];

/** The master key's object form. */
export const masterKeyOf = (base64: string): KeyObject => createSecretKey(Buffer.from(base64, 'base64'));
