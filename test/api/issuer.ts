import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { afterwards } from '../support/afterwards.ts';

/** A key pair of an issuer, under its key id. */
export type IssuerKey = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

export const issuerKey = async (kid: string, alg = 'ES256'): Promise<IssuerKey> => ({ kid, alg, ...(await generateKeyPair(alg)) });

/** An OpenID Connect issuer that a test holds in its hand. */
export type TestIssuer = {
  readonly url: string;
  /** What it publishes from now on. */
  readonly publish: (...keys: readonly IssuerKey[]) => void;
  /** What it answers instead, to everything, from now on; undefined: what it should. */
  readonly misbehave: (how: ((request: IncomingMessage, response: ServerResponse) => void) | undefined) => void;
  /** The paths that were asked for so far. */
  readonly asked: readonly string[];
  /** A token that says these claims beside the sound ones. */
  readonly token: (key: IssuerKey, claims?: JWTPayload) => Promise<string>;
};

/** Starts one on loopback; it is gone when the file's tests are over. */
export const startIssuer = async (metadata: (url: string) => object = () => ({})): Promise<TestIssuer> => {
  let published: readonly IssuerKey[] = [];
  let misbehaviour: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (misbehaviour) return misbehaviour(request, response);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration')
      return void response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys`, ...metadata(url) }));
    void keySetOf(published).then((set) => response.end(JSON.stringify(set)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterwards(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    publish: (...keys) => (published = keys),
    misbehave: (how) => (misbehaviour = how),
    asked,
    token: ({ kid, alg, privateKey }, claims = {}) =>
      new SignJWT({ iss: url, aud: 'orders', sub: 'somebody', scope: 'orders:read', exp: Math.floor(Date.now() / 1_000) + 86_400 * 3, ...claims })
        .setProtectedHeader({ alg, kid })
        .sign(privateKey),
  };
};

const keySetOf = async (keys: readonly IssuerKey[]): Promise<{ readonly keys: readonly JWK[] }> => ({
  keys: await Promise.all(keys.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }))),
});
