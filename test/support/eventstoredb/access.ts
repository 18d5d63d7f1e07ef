import type { Log } from './log.ts';

/** Somebody who is who they say. */
export type User = { readonly name: string; readonly groups: readonly string[] };

export type Right = 'read' | 'write' | 'delete';

/**
 * Whether a user may do something with a stream, or read the whole log (`$all`): what the stream's own metadata says, else the
 * defaults in `$settings`, else everybody for streams of applications and administrators for those of the system.
 */
export const may = (log: Log, { name, groups }: User, right: Right, stream: string): boolean => {
  if (groups.includes('$admins')) return true;
  const ofMetadata = stream.startsWith('$$');
  const about = ofMetadata ? stream.slice(2) : stream;
  const key = ofMetadata ? (right === 'read' ? '$mr' : '$mw') : ({ read: '$r', write: '$w', delete: '$d' } as const)[right];
  const ofSystem = about.startsWith('$');
  const own = newest(log, `$$${about}`)['$acl']?.[key];
  const usual = newest(log, '$settings')[ofSystem ? '$systemStreamAcl' : '$userStreamAcl']?.[key];
  const roles = [own ?? usual ?? (ofSystem ? '$admins' : '$all')].flat();
  return roles.some((role) => role === '$all' || role === name || groups.includes(role));
};

type Settings = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What the last event of a stream says, as JSON. */
const newest = (log: Log, stream: string): Settings => {
  const events = log.read(stream);
  const last = typeof events === 'string' ? undefined : events.at(-1);
  return last ? (JSON.parse(Buffer.from(last.data).toString()) as Settings) : {};
};
