import { createRemoteJWKSet, customFetch, jwksCache, type JWKSCacheInput, type JWTVerifyGetKey } from 'jose';
import type { Logger } from '../platform/logging.ts';

/** The issuer does not answer, or not with keys: nothing is known about the token. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** A request to the issuer is given up after this. */
const timeoutMs = 5_000;
/** Keys are asked for again at this age, while those that are known stay in use: a retired key is then no longer trusted. */
const refreshMs = 600_000;
/** An issuer that is away longer than this is no longer believed to stand by its keys. */
const trustedMs = 86_400_000;
/** A key that is not known is asked for, but not more often than this. */
const cooldownMs = 30_000;
/** An issuer that did not answer is not asked again sooner. */
const pauseMs = 1_000;

/**
 * The keys that an OpenID Connect issuer publishes (OpenID Connect Discovery 1.0 §4). The issuer may be away when this process starts,
 * and later: what is known stays good. Rejects with {@link IssuerUnavailable} where what is needed is not known.
 */
export const issuerKeys = ({ issuer, logger }: { readonly issuer: string; readonly logger: Logger }): JWTVerifyGetKey => {
  const cache: JWKSCacheInput = {};
  let discovered: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  let askedAtMs = -Infinity;

  const discover = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    const metadata = (await readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
    if (metadata?.issuer !== issuer || typeof metadata.jwks_uri !== 'string' || !URL.canParse(metadata.jwks_uri))
      throw new IssuerUnavailable(`discovery at ${issuer} speaks of another issuer or has no jwks_uri`);
    const url = new URL(metadata.jwks_uri);
    if (url.protocol !== new URL(issuer).protocol) throw new IssuerUnavailable(`the keys of ${issuer} are at ${url.protocol}`);
    const options = { timeoutDuration: timeoutMs, cooldownDuration: cooldownMs, cacheMaxAge: trustedMs };
    return createRemoteJWKSet(url, { ...options, [jwksCache]: cache, [customFetch]: pausing(fetchKeys) });
  };

  /** What is old is refreshed beside the work: nobody waits for it, and nobody is refused for it. */
  const refresh = (keys: Awaited<ReturnType<typeof discover>>): void => {
    const nowMs = Date.now();
    if (nowMs - (cache.uat ?? nowMs) < refreshMs || nowMs - askedAtMs < cooldownMs) return;
    askedAtMs = nowMs;
    keys.reload().catch((error: unknown) => logger.warn({ err: error }, "the issuer's keys could not be refreshed; those that are known stay good"));
  };

  return async (header, token) => {
    discovered ??= discover().catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    const keys = await discovered;
    refresh(keys);
    return keys(header, token);
  };
};

/** JSON from the issuer. Rejects with {@link IssuerUnavailable} for everything else. */
const readJson = async (url: string, init: RequestInit): Promise<unknown> => {
  try {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.json();
  } catch (error) {
    throw new IssuerUnavailable(`${url} cannot be read`, { cause: error });
  }
};

/** A key set (RFC 7517 §5); anything else says that the issuer is broken, not that a token is. */
const fetchKeys = async (url: string, init: RequestInit): Promise<Response> => {
  const set = (await readJson(url, init)) as { readonly keys?: unknown } | null;
  const isKeySet = Array.isArray(set?.keys) && set.keys.every((key) => typeof key === 'object' && key !== null);
  if (!isKeySet) throw new IssuerUnavailable(`${url} is no key set`);
  return Response.json(set);
};

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Tokens with keys that nobody knows must not become as many requests to an issuer that is away. */
const pausing = (ask: Fetch): Fetch => {
  let failed: { readonly atMs: number; readonly error: unknown } | undefined;
  return async (url, init) => {
    if (failed && Date.now() - failed.atMs < pauseMs) throw failed.error;
    try {
      const answer = await ask(url, init);
      failed = undefined;
      return answer;
    } catch (error) {
      failed = { atMs: Date.now(), error };
      throw error;
    }
  };
};
