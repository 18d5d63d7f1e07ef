import { readFileSync } from 'node:fs';

/** Where the platform of this clone runs; the environment's variables of the same names win. */
export type LocalPlatform = {
  readonly API_URL: string;
  readonly GRPC_ADDRESS: string;
  readonly DATABASE_URL: string;
  readonly MIGRATION_DATABASE_URL: string;
  readonly EVENT_STORE_URL: string;
  readonly RABBITMQ_URL: string;
  readonly DEVELOPMENT_KEY_FILE: string;
};

const file = new URL('../../.local/start/services.env', import.meta.url);

/** Reads what `npm start` wrote down about itself; says what to do when it does not run. */
export const localPlatform = <Name extends keyof LocalPlatform>(...names: readonly Name[]): Pick<LocalPlatform, Name> => {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const found: Record<string, string | undefined> = { ...written(), ...given };
  const missing = names.filter((name) => !found[name]);
  if (missing.length > 0) throw new Error(`The platform does not run in this clone: start it with \`npm start\`, or set ${missing.join(', ')}.`);
  return Object.fromEntries(names.map((name) => [name, found[name]])) as Pick<LocalPlatform, Name>;
};

const written = (): Record<string, string> => {
  try {
    return Object.fromEntries(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  } catch {
    return {};
  }
};
