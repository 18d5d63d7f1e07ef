import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The path of a program, looked for in the given folders first and then where the shell would; undefined when there is none. */
export const findProgram = (name: string, folders: readonly string[] = []): string | undefined => {
  const searched = [
    ...folders,
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/opt/homebrew/bin',
    '/opt/homebrew/sbin',
    '/usr/local/bin',
  ];
  return searched
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
};

/** The folders below `parent` whose name is a version, newest first, each with `tail` appended. */
export const versionFolders = (parent: string, tail: string): readonly string[] => {
  if (!existsSync(parent)) return [];
  const versions = readdirSync(parent).filter((name) => /\d/.test(name));
  return versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => join(parent, name, tail));
};

/** True when this process may do everything. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** The ids of a user of this machine; undefined when there is no such user. */
export const userIds = (name: string): { readonly uid: number; readonly gid: number } | undefined => {
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
};

/** What every program gets of our environment, whatever else it needs. */
export const baseEnvironment = (): Record<string, string> => {
  const kept = ['PATH', 'LANG', 'TZ', 'TMPDIR'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return Object.fromEntries(kept) as Record<string, string>;
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
