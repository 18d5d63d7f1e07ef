import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { cachedToken, clientCredentials } from '../../clients/typescript/src/tokens.ts';

/** Issues tokens one after the other, each with this life. */
const issuing = (expiresInSeconds: number) => {
  let issued = 0;
  const issue = () => Promise.resolve({ accessToken: `token ${(issued += 1)}`, expiresInSeconds });
  return { issue, issued: () => issued };
};

test('a token is fetched once, however many calls wait for it', async () => {
  const { issue, issued } = issuing(60);
  const token = cachedToken(issue);
  assert.deepEqual(await Promise.all([token(), token(), token()]), ['token 1', 'token 1', 'token 1']);
  assert.equal(await token(), 'token 1');
  assert.equal(issued(), 1);
});

test('a token that has no life left is not used again', async () => {
  const token = cachedToken(issuing(0).issue);
  assert.deepEqual([await token(), await token()], ['token 1', 'token 2']);
});

test('a token that was refused is replaced, and what replaced it is kept, also for calls that were refused at the same time', async () => {
  const token = cachedToken(issuing(60).issue);
  const first = await token();
  assert.deepEqual([await token(first), await token(first), await token()], ['token 2', 'token 2', 'token 2']);
});

test('an issuer that fails is asked again by the next call', async () => {
  const { issue } = issuing(60);
  let isAway = true;
  const token = cachedToken(() => (isAway ? Promise.reject(new Error('away')) : issue()));
  await assert.rejects(token(), { message: 'away' });
  isAway = false;
  assert.equal(await token(), 'token 1');
});

/** An issuer that answers with this status and body, and keeps what it was asked. */
const issuer = async (t: TestContext, status: number, body: object) => {
  const asked: { readonly request: IncomingMessage; readonly form: URLSearchParams }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((form) => {
      asked.push({ request, form: new URLSearchParams(form) });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => void server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked };
};

test('a service gets its token with its own credentials, as OAuth 2.0 has it', async (t) => {
  const { url, asked } = await issuer(t, 200, { access_token: 'secret token', expires_in: 60, token_type: 'Bearer' });
  const token = clientCredentials({ url, clientId: 'check:out', clientSecret: 'pass word', scope: 'orders:place orders:read' });
  assert.deepEqual([await token(), await token()], ['secret token', 'secret token']);
  assert.equal(asked.length, 1);
  const { request, form } = asked[0]!;
  assert.equal(request.headers.authorization, `Basic ${Buffer.from('check%3Aout:pass%20word').toString('base64')}`);
  assert.deepEqual(Object.fromEntries(form), { grant_type: 'client_credentials', scope: 'orders:place orders:read' });
});

test('an issuer that refuses is an error that says where', async (t) => {
  const { url } = await issuer(t, 401, { error: 'invalid_client' });
  await assert.rejects(clientCredentials({ url, clientId: 'checkout', clientSecret: 'wrong' })(), {
    message: `The issuer at ${url} gave no token: HTTP 401.`,
  });
});
