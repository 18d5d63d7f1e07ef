import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnectionString } from '../../src/eventstore/eventstoredb/connection-string.ts';

test('a connection string names nodes, user, security and the node that is preferred', () => {
  assert.deepEqual(
    parseConnectionString('esdb://admin:ch%40nge@one:2113,two:2114,three/?tls=true&tlsCAFile=%2Fetc%2Fca.crt&node_preference=Follower'),
    {
      hosts: [
        { address: 'one', port: 2113 },
        { address: 'two', port: 2114 },
        { address: 'three', port: 2113 },
      ],
      discover: false,
      tls: true,
      tlsCaFile: '/etc/ca.crt',
      credentials: { username: 'admin', password: 'ch@nge' },
      nodePreference: 'follower',
      gossipTimeoutMs: 2_000,
    },
  );
});

test('a cluster may be one DNS name, and a node may be without TLS', () => {
  const { hosts, discover, tls, nodePreference } = parseConnectionString('esdb+discover://cluster.example?tls=false&keepAliveInterval=10000');
  assert.deepEqual(
    { hosts, discover, tls, nodePreference },
    { hosts: [{ address: 'cluster.example', port: 2113 }], discover: true, tls: false, nodePreference: 'leader' },
  );
});

test('what cannot be right is refused by name, and no secret is quoted', () => {
  for (const [text, because] of [
    ['postgres://user:geheim@host', /esdb:\/\/ or esdb\+discover:\/\//],
    ['esdb://user:geheim@', /name:port/],
    ['esdb://user@host', /user:password/],
    ['esdb://user:geheim@host:port', /port of host/],
    ['esdb://user:geheim@host:99999', /port of host/],
    ['esdb+discover://user:geheim@one,two', /one DNS name/],
    ['esdb://user:geheim@host?tls=maybe', /tls must be true or false/],
    ['esdb://user:geheim@host?tlsVerifyCert=false', /tlsCAFile/],
    ['esdb://user:geheim@host?retries=3', /no option 'retries'/],
    ['esdb://user:geheim@host?userCertFile=a.pem', /belong together/],
    ['esdb://user:geheim@host?nodePreference=nearest', /nodePreference must be/],
    ['esdb://user:ge%heim@host', /percent-encoded/],
    ['esdb://user:ge/heim@host', /percent-encoded/],
  ] as const) {
    assert.throws(
      () => parseConnectionString(text),
      (error: Error) => because.test(error.message) && !/ge.?heim/.test(error.message),
      text,
    );
  }
});
