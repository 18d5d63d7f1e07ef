import { createSecretKey } from 'node:crypto';
import { authenticateDevelopment, type Authenticate } from '../src/api/authenticate.ts';
import { openPool } from '../src/platform/database.ts';
import { silent } from '../src/platform/logging.ts';
import { openKeys, type Keys } from '../src/privacy/keys.ts';
import { partOptions } from './part.ts';

/** What a server by hand is started with: its databases, the key that wraps those of persons, and the key of the tokens' issuer. */
export type ByHandOptions = { readonly url: string; readonly keysUrl: string; readonly masterKey: string; readonly keyFile: string };

/** What servers by hand take from the platform: who calls, and the keys of persons. */
export const openByHand = async (): Promise<{
  readonly url: string;
  readonly authenticate: Authenticate;
  readonly keys: Keys;
  readonly close: () => Promise<void>;
}> => {
  const { url, keysUrl, masterKey, keyFile } = await partOptions<ByHandOptions>();
  const pool = openPool({ url: keysUrl, name: 'bench', max: 4, logger: silent });
  const keys = openKeys({ pool, masterKey: createSecretKey(Buffer.from(masterKey, 'base64')) });
  return { url, authenticate: await authenticateDevelopment({ keyFile }), keys, close: () => pool.end() };
};
