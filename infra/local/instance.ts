import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSameProcess, startedAt } from './processes.ts';

/** The clone's folder. */
export const cloneFolder: string = resolve(import.meta.dirname, '..', '..');

/** Everything that `npm start` and `npm test` keep in the clone. */
export const localFolder: string = join(cloneFolder, '.local');

/** Where the folders of clones lie whose data another user must reach; survives a reboot. */
const outsideRoot = '/var/lib/order-platform';

/** One set of services with data, ports and passwords of its own: `npm start` has one, `npm test` another. */
export type Instance = {
  readonly name: InstanceName;
  /** `.local/<name>`. */
  readonly folder: string;
  /** Tells this instance from those of every other clone on the machine: letters, digits and hyphens. */
  readonly id: string;
};
export type InstanceName = 'start' | 'test' | 'bench';
export const instanceNames: readonly InstanceName[] = ['start', 'test', 'bench'];

/** A clone's name on this machine: readable, and different for every path. */
export const cloneName = (path: string): string => {
  const readable = path
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(-40);
  return `${readable}-${createHash('sha256').update(path).digest('hex').slice(0, 10)}`;
};

/** The instance of this clone, its folder made if it was missing. */
export const openInstance = (name: InstanceName, local: string = localFolder): Instance => {
  const folder = join(local, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(local, 0o700);
  return { name, folder, id: `${cloneName(dirname(local)).slice(-10)}-${name}` };
};

/** The one folder of this clone outside of it; made, and linked as `.local/outside`, by {@link makeOutsideFolder}. */
export const outsideFolder = (local: string = localFolder): string => join(outsideRoot, cloneName(dirname(local)));

/**
 * A folder outside the clone for what cannot live in it. What an earlier clone at the same path left there goes: without
 * that clone's passwords nobody can open it.
 */
export const makeOutsideFolder = (instance: Instance): string => {
  const local = dirname(instance.folder);
  const link = join(local, 'outside');
  const target = outsideFolder(local);
  const linked = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : undefined;
  if (linked !== target) {
    rmSync(target, { recursive: true, force: true });
    rmSync(link, { force: true });
    mkdirSync(target, { recursive: true, mode: 0o755 });
    symlinkSync(target, link);
  }
  const folder = join(target, instance.name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
};

/** A random secret of this instance, kept in a file of mode 600: made once, the same ever after. */
export const secret = (instance: Instance, name: string, encoding: 'base64' | 'base64url' = 'base64url'): string => {
  const path = join(instance.folder, 'secrets.json');
  const secrets = readJson<Record<string, string>>(path) ?? {};
  const known = secrets[name];
  if (known !== undefined) return known;
  const made = randomBytes(32).toString(encoding);
  writePrivately(path, JSON.stringify({ ...secrets, [name]: made }, null, 2));
  return made;
};

/** Who runs this instance at the moment, if anybody. */
export const runner = (instance: Instance): { readonly pid: number } | undefined => {
  const holder = readJson<{ pid: number; started: string }>(join(instance.folder, 'running.json'));
  return holder && isSameProcess(holder) ? holder : undefined;
};

/** Makes this process the one that runs the instance. False when another one does. */
export const takeInstance = (instance: Instance): boolean => {
  if (runner(instance)) return false;
  const path = join(instance.folder, 'running.json');
  rmSync(path, { force: true });
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

export const leaveInstance = (instance: Instance): void => rmSync(join(instance.folder, 'running.json'), { force: true });

/** Writes a file that only its owner can read, whole or not at all. */
export const writePrivately = (path: string, content: string): void => {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

/** A JSON file's content; undefined when it is not there or broken. */
export const readJson = <Content>(path: string): Content | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Content;
  } catch {
    return undefined;
  }
};
