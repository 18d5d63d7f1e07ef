/** What an `esdb://` or `esdb+discover://` connection string says. */
export type ConnectionSettings = {
  readonly hosts: readonly Host[];
  /** The one host is a DNS name of all nodes of a cluster. */
  readonly discover: boolean;
  readonly tls: boolean;
  readonly tlsCaFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** The node that subscriptions read from; everything else goes to the leader. */
  readonly nodePreference: 'leader' | 'follower' | 'random' | 'read_only_replica';
  /** How long a node is waited for when it is asked who the members are. */
  readonly gossipTimeoutMs: number;
  readonly connectionName?: string;
};
export type Host = { readonly address: string; readonly port: number };

/** The connection string is not as it must be. The message says why and quotes nothing that may be secret. */
export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';
}

/** True for the URLs of this store. */
export const isEventStoreDbUrl = (url: string): boolean => /^esdb(\+discover)?:\/\//.test(url);

/** Reads a connection string as the client's documentation describes it; throws {@link ConnectionStringError}. What the client would ignore with a warning is refused. */
export const parseConnectionString = (text: string): ConnectionSettings => {
  const scheme = /^([a-z+]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'esdb' && scheme !== 'esdb+discover') refuse('it must begin with esdb:// or esdb+discover://');
  const rest = text.slice(text.indexOf('://') + 3);
  const [beforeQuery, query] = splitOnce(rest, '?');
  const authority = beforeQuery.replace(/\/+$/, '');
  const at = authority.lastIndexOf('@');
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map(hostOf);
  const discover = scheme === 'esdb+discover';
  if (discover && hosts.length > 1) refuse('esdb+discover:// takes one DNS name; several nodes are named with esdb://');
  const options = optionsOf(query ?? '');
  const file = (name: string): string | undefined => options.get(name);
  const [tlsCaFile, userCertFile, userKeyFile, connectionName] = ['tlscafile', 'usercertfile', 'userkeyfile', 'connectionname'].map(file);
  if ((userCertFile === undefined) !== (userKeyFile === undefined)) refuse('userCertFile and userKeyFile belong together');
  if (options.get('tlsverifycert') === 'false')
    refuse('tlsVerifyCert=false is not supported: name the certificate authority with tlsCAFile, or use tls=false on a network of your own');
  return {
    hosts,
    discover,
    tls: booleanOf('tls', options.get('tls') ?? 'true'),
    nodePreference: preferenceOf(options.get('nodepreference') ?? 'leader'),
    gossipTimeoutMs: numberOf('gossipTimeout', options.get('gossiptimeout') ?? '2') * 1_000,
    ...(at >= 0 ? { credentials: credentialsOf(authority.slice(0, at)) } : {}),
    ...(tlsCaFile === undefined ? {} : { tlsCaFile }),
    ...(userCertFile === undefined ? {} : { userCertFile }),
    ...(userKeyFile === undefined ? {} : { userKeyFile }),
    ...(connectionName === undefined ? {} : { connectionName }),
  };
};

const refuse = (because: string): never => {
  throw new ConnectionStringError(`is no connection string of EventStoreDB: ${because}`);
};

const splitOnce = (text: string, by: string): [string, string?] => {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};

const hostOf = (text: string): Host => {
  const [address, port = '2113', ...more] = text.trim().split(':');
  if (!address || more.length > 0 || !/^[A-Za-z0-9_.-]+$/.test(address)) refuse(`a host must be written as name or name:port`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) refuse(`the port of ${address} is no number up to 65535`);
  return { address: address!, port: Number(port) };
};

const credentialsOf = (text: string): { readonly username: string; readonly password: string } => {
  const [username, password] = splitOnce(text, ':');
  if (!username || !password) refuse('before the @ there must be user:password');
  if (/[/#@]/.test(text)) refuse('user and password must be percent-encoded');
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password!) };
  } catch {
    return refuse('user or password is not percent-encoded as it must be');
  }
};

/** The options of the client, in lower case without `_` and `-`. The adapter has bounds of its own in place of those that say `own`. */
const known: Readonly<Record<string, 'used' | 'own'>> = {
  tls: 'used',
  tlsverifycert: 'used',
  tlscafile: 'used',
  usercertfile: 'used',
  userkeyfile: 'used',
  nodepreference: 'used',
  gossiptimeout: 'used',
  connectionname: 'used',
  maxdiscoverattempts: 'own',
  discoveryinterval: 'own',
  defaultdeadline: 'own',
  throwonappendfailure: 'own',
  keepaliveinterval: 'own',
  keepalivetimeout: 'own',
};

const optionsOf = (query: string): ReadonlyMap<string, string> =>
  new Map(
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [key, value] = splitOnce(pair, '=');
        const name = key.trim().toLowerCase().replaceAll(/[_-]/g, '');
        if (known[name] === undefined) refuse(`there is no option '${key.slice(0, 40)}'`);
        if (!value) refuse(`the option '${key}' has no value`);
        return [name, decodeURIComponent(value!.trim())];
      }),
  );

const booleanOf = (name: string, value: string): boolean => {
  if (value !== 'true' && value !== 'false') refuse(`${name} must be true or false`);
  return value === 'true';
};

const numberOf = (name: string, value: string): number => {
  if (!/^\d{1,6}$/.test(value) || Number(value) === 0) refuse(`${name} must be a number of seconds`);
  return Number(value);
};

const preferenceOf = (value: string): ConnectionSettings['nodePreference'] => {
  const flat = value.toLowerCase().replaceAll(/[_-]/g, '');
  const found = (['leader', 'follower', 'random', 'read_only_replica'] as const).find((each) => each.replaceAll('_', '') === flat);
  return found ?? refuse('nodePreference must be leader, follower, random or readOnlyReplica');
};
