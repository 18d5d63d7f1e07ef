/** An access token: fixed, or asked for before every call. `refused` is the one that the platform just refused, so that another is needed. */
export type TokenSource = string | ((refused?: string) => string | Promise<string>);

/** An access token as an issuer hands it out. */
export type IssuedToken = { readonly accessToken: string; readonly expiresInSeconds: number };

/** Keeps a token for nine tenths of its life and fetches one at a time, however many calls wait for it. */
export const cachedToken = (issue: () => Promise<IssuedToken>): ((refused?: string) => Promise<string>) => {
  let current: { readonly token: string; readonly until: number } | undefined;
  let pending: Promise<string> | undefined;

  const fetchOne = async (): Promise<string> => {
    const asked = performance.now();
    const { accessToken, expiresInSeconds } = await issue();
    current = { token: accessToken, until: asked + expiresInSeconds * 900 };
    return accessToken;
  };
  return async (refused) => {
    if (current && current.token !== refused && performance.now() < current.until) return current.token;
    pending ??= fetchOne().finally(() => (pending = undefined));
    return pending;
  };
};

/** Tokens of an OAuth 2.0 issuer for a service of its own (client credentials, RFC 6749 §4.4), cached. Rejects where the issuer refuses. */
export const clientCredentials = (options: {
  /** The issuer's token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Separated by blanks. */
  readonly scope?: string;
  readonly audience?: string;
}): ((refused?: string) => Promise<string>) => {
  const { url, clientId, clientSecret, scope, audience } = options;
  return cachedToken(async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}), ...(audience ? { audience } : {}) }),
      signal: AbortSignal.timeout(issuerTimeoutMs),
    });
    if (!response.ok) throw new Error(`The issuer at ${url} gave no token: HTTP ${response.status}.`);
    const { access_token: accessToken, expires_in: expiresInSeconds = 60 } = (await response.json()) as { access_token: string; expires_in?: number };
    return { accessToken, expiresInSeconds };
  });
};

const issuerTimeoutMs = 10_000;
