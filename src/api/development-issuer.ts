import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUIDv7 } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';

/** What tokens of the built-in issuer say about their origin. */
export const developmentIssuer = { issuer: 'urn:orders:development', audience: 'orders', algorithm: 'EdDSA' } as const;

export type Role = keyof typeof roles;

/** The roles of development tokens: their scopes, and the tenant they are bound to. */
export const roles = {
  checkout: { scopes: ['orders:place', 'orders:read', 'orders:personal', 'orders:cancel', 'offers:read', 'returns:request', 'tenants:any-customer'] },
  customer: {
    boundTo: 'customer',
    scopes: [
      'orders:place',
      'orders:read',
      'orders:personal',
      'orders:cancel',
      'orders:history',
      'offers:read',
      'returns:request',
      'customers:erase',
    ],
  },
  merchant: { boundTo: 'merchant', scopes: ['offers:read', 'offers:write', 'orders:read', 'orders:personal', 'fulfilment:write', 'returns:decide'] },
  finance: { scopes: ['orders:read', 'orders:cost', 'analytics:read', 'tenants:any-merchant'] },
  support: {
    scopes: [
      'orders:read',
      'orders:personal',
      'orders:history',
      'orders:cancel',
      'orders:support',
      'offers:read',
      'returns:request',
      'returns:decide',
      'payments:refund',
      'customers:erase',
      'tenants:any-customer',
      'tenants:any-merchant',
    ],
  },
  analytics: { scopes: ['analytics:read'] },
  operator: { scopes: ['operations:read', 'operations:write'] },
  worker: { scopes: ['internal:record', 'orders:read', 'orders:personal', 'tenants:any-customer', 'tenants:any-merchant'] },
} as const satisfies Readonly<Record<string, { readonly scopes: readonly string[]; readonly boundTo?: 'customer' | 'merchant' }>>;

/**
 * A token of the built-in issuer, signed with the key in `keyFile`, which is made if it is missing.
 * Throws where the role is bound to a customer or merchant and none is named.
 */
export const developmentToken = async (options: {
  readonly keyFile: string;
  readonly role: Role;
  readonly customerId?: string;
  readonly merchantId?: string;
  readonly lifetimeSeconds?: number;
}): Promise<string> => {
  const role: { readonly scopes: readonly string[]; readonly boundTo?: 'customer' | 'merchant' } = roles[options.role];
  if (role.boundTo === 'customer' && !options.customerId) throw new Error(`a ${options.role}'s token needs a customer id`);
  if (role.boundTo === 'merchant' && !options.merchantId) throw new Error(`a ${options.role}'s token needs a merchant id`);
  const { privateKey } = await developmentKey(options.keyFile);
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT({
    scope: role.scopes.join(' '),
    ...(options.customerId ? { customer_id: options.customerId } : {}),
    ...(options.merchantId ? { merchant_id: options.merchantId } : {}),
  })
    .setProtectedHeader({ alg: developmentIssuer.algorithm, typ: 'at+jwt' })
    .setIssuer(developmentIssuer.issuer)
    .setAudience(developmentIssuer.audience)
    .setSubject(`${options.role}@development`)
    .setJti(randomUUIDv7())
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + (options.lifetimeSeconds ?? 86_400))
    .sign(privateKey);
};

/** The key pair of the built-in issuer, an Ed25519 JWK in a file that only its owner may read; made if it is missing. */
export const developmentKey = async (keyFile: string): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }> => {
  const text = await readFile(keyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return makeKey(keyFile);
    throw error;
  });
  if (process.platform !== 'win32' && ((await stat(keyFile)).mode & 0o077) !== 0) {
    throw new Error(`${keyFile} signs tokens and may be read by others: chmod 600 it, or remove it to have a new one made`);
  }
  const jwk = JSON.parse(text) as JWK;
  const { d: _, ...publicJwk } = jwk;
  const [privateKey, publicKey] = await Promise.all([importJWK(jwk, developmentIssuer.algorithm), importJWK(publicJwk, developmentIssuer.algorithm)]);
  return { privateKey: privateKey as CryptoKey, publicKey: publicKey as CryptoKey };
};

/** Whoever links the file first has made the key; others that started at the same time use theirs. */
const makeKey = async (keyFile: string): Promise<string> => {
  const { privateKey } = await generateKeyPair(developmentIssuer.algorithm, { crv: 'Ed25519', extractable: true });
  const draft = `${keyFile}.${randomUUIDv7()}`;
  await mkdir(dirname(keyFile), { recursive: true });
  await writeFile(draft, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
  try {
    await link(draft, keyFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return readFile(keyFile, 'utf8');
};
