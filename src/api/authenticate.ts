import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { refused, type Caller, type Refusal } from '../platform/call.ts';
import type { Logger } from '../platform/logging.ts';
import { developmentIssuer, developmentKey } from './development-issuer.ts';
import { IssuerUnavailable, issuerKeys } from './issuer-keys.ts';

/** Who brings this `Authorization` header; at once where the token was verified a moment ago. */
export type Authenticate = (authorization: string | undefined) => Caller | Refusal | Promise<Caller | Refusal>;

/** Verifies tokens of the built-in issuer, whose key lies in `keyFile` (made if it is missing). */
export const authenticateDevelopment = async (options: { readonly keyFile: string }): Promise<Authenticate> => {
  const { publicKey } = await developmentKey(options.keyFile);
  const { issuer, audience, algorithm } = developmentIssuer;
  return authenticator({ key: () => Promise.resolve(publicKey), issuer, audience, algorithms: [algorithm] });
};

/** Verifies tokens of an OpenID Connect issuer with the keys it publishes. While they are not known and cannot be had, callers hear UNAVAILABLE. */
export const authenticateOidc = (options: { readonly issuer: string; readonly audience: string; readonly logger: Logger }): Authenticate => {
  const { issuer, audience, logger } = options;
  // Asymmetric ones only: with a symmetric one the public key could be taken for a secret (RFC 8725 §2.1).
  const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'];
  return authenticator({ key: issuerKeys({ issuer, logger }), issuer, audience, algorithms });
};

/** A verified token is trusted this long before it is verified again, and never past its expiry. */
const trustedMs = 60_000;
/** Longer ones are refused unread. */
const maxAuthorizationChars = 8_192;

const authenticator = (trust: {
  readonly key: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: string[];
}): Authenticate => {
  const verified = new LRUCache<string, { readonly caller: Caller; readonly until: number }>({ max: 10_000 });
  // A client that goes on with an old token costs no more than one that brings none.
  const hopeless = new LRUCache<string, true>({ max: 1_000 });
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
      if (error instanceof IssuerUnavailable) return issuerUnavailable;
      if (error instanceof errors.JWTExpired || error instanceof errors.JWSSignatureVerificationFailed) hopeless.set(authorization, true);
      if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) return invalidToken;
      throw error;
    }
  };

  return (authorization) => {
    if (authorization === undefined || authorization === '') return refused('unauthenticated', 'TOKEN_REQUIRED', 'This needs a bearer token.');
    if (authorization.length > maxAuthorizationChars) return invalidToken;
    const known = verified.get(authorization);
    if (known && Date.now() < known.until) return known.caller;
    return hopeless.has(authorization) ? invalidToken : verify(authorization);
  };
};

const invalidToken = refused('unauthenticated', 'TOKEN_INVALID', 'The bearer token is not valid, or not any more.');
const issuerUnavailable = refused('unavailable', 'ISSUER_UNAVAILABLE', 'The issuer of the token does not answer; try again.');

/** What the claims say; undefined where one is not what it should be: a claim we cannot read must not widen anything. */
const callerOf = (claims: JWTPayload): Caller | undefined => {
  const { iss, sub, exp, scope = '', customer_id: customerId, merchant_id: merchantId } = claims;
  if (!iss || typeof sub !== 'string' || sub === '' || typeof scope !== 'string' || !isIdOrAbsent(customerId) || !isIdOrAbsent(merchantId))
    return undefined;
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
