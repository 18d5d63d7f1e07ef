import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { refused, type Caller, type Refusal } from '../platform/call.ts';
import { developmentIssuer, developmentKey } from './development-issuer.ts';

/** Who brings this `Authorization` header; at once where the token was verified a moment ago. */
export type Authenticate = (authorization: string | undefined) => Caller | Refusal | Promise<Caller | Refusal>;

/** Verifies tokens of the built-in issuer, whose key lies in `keyFile` (made if it is missing). */
export const authenticateDevelopment = async (options: { readonly keyFile: string }): Promise<Authenticate> => {
  const { publicKey } = await developmentKey(options.keyFile);
  const { issuer, audience, algorithm } = developmentIssuer;
  return authenticator({ key: () => Promise.resolve(publicKey), issuer, audience, algorithms: [algorithm] });
};

/**
 * Verifies tokens of an OpenID Connect issuer with the keys it publishes (OpenID Connect Discovery 1.0 §4). The issuer may be away when this
 * process starts: it is asked again with the next token, and until it answers callers hear UNAVAILABLE.
 */
export const authenticateOidc = (options: { readonly issuer: string; readonly audience: string }): Authenticate => {
  const { issuer, audience } = options;
  let discovered: Promise<JWTVerifyGetKey> | undefined;
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(5_000),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`discovery at ${issuer} answered ${response.status}`);
    const metadata = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string')
      throw new Error(`discovery at ${issuer} speaks of another issuer or has no jwks_uri`);
    return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: 5_000, [customFetch]: fetchKeys });
  };
  const key: JWTVerifyGetKey = async (header, token) => {
    discovered ??= discover().catch((error: unknown) => {
      discovered = undefined;
      throw new IssuerUnavailable('the issuer cannot be reached', { cause: error });
    });
    return (await discovered)(header, token);
  };
  return authenticator({ key, issuer, audience, algorithms: ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'] });
};

/** The issuer does not answer: nothing is known about the token. */
class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

const fetchKeys = async (url: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new IssuerUnavailable('the issuer cannot be reached', { cause: error });
  });
  if (!response.ok) throw new IssuerUnavailable(`the issuer's keys cannot be had: HTTP ${response.status}`);
  return response;
};

/** A verified token is trusted this long before it is verified again, and never past its expiry. */
const trustedMs = 60_000;

const authenticator = (trust: {
  readonly key: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: string[];
}): Authenticate => {
  const verified = new LRUCache<string, { readonly caller: Caller; readonly until: number }>({ max: 10_000 });
  const verify = async (authorization: string): Promise<Caller | Refusal> => {
    const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(authorization) ?? [];
    if (!token) return invalidToken;
    try {
      const { payload } = await jwtVerify(token, trust.key, {
        issuer: trust.issuer,
        audience: trust.audience,
        algorithms: trust.algorithms,
        clockTolerance: 5,
        requiredClaims: ['sub', 'exp'],
      });
      const caller = callerOf(payload);
      if (!caller) return invalidToken;
      verified.set(authorization, { caller, until: Math.min(Date.now() + trustedMs, payload.exp! * 1_000) });
      return caller;
    } catch (error) {
      if (error instanceof IssuerUnavailable || error instanceof errors.JWKSTimeout) return issuerUnavailable;
      if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) return invalidToken;
      throw error;
    }
  };

  return (authorization) => {
    if (authorization === undefined || authorization === '') return refused('unauthenticated', 'TOKEN_REQUIRED', 'This needs a bearer token.');
    const known = verified.get(authorization);
    return known && Date.now() < known.until ? known.caller : verify(authorization);
  };
};

const invalidToken = refused('unauthenticated', 'TOKEN_INVALID', 'The bearer token is not valid, or not any more.');
const issuerUnavailable = refused('unavailable', 'ISSUER_UNAVAILABLE', 'The issuer of the token does not answer; try again.');

/** What the claims say; undefined where one is not what it should be: a claim we cannot read must not widen anything. */
const callerOf = (claims: JWTPayload): Caller | undefined => {
  const { iss, sub, exp, scope = '', customer_id: customerId, merchant_id: merchantId } = claims;
  if (!iss || !sub || typeof scope !== 'string' || !isIdOrAbsent(customerId) || !isIdOrAbsent(merchantId)) return undefined;
  return {
    issuer: iss,
    subject: sub,
    scopes: new Set(scope.split(' ').filter((each) => each !== '')),
    ...(customerId === undefined ? {} : { customerId: customerId.toLowerCase() }),
    ...(merchantId === undefined ? {} : { merchantId: merchantId.toLowerCase() }),
    ...(exp === undefined ? {} : { expiresAt: exp * 1_000 }),
  };
};

const isIdOrAbsent = (claim: unknown): claim is string | undefined =>
  claim === undefined || (typeof claim === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(claim));
