import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writePrivately, type Instance } from './instance.ts';
import { isSameProcess, startedAt } from './processes.ts';

/** Ports that no system gives out for outgoing connections, so that a stopped instance finds its own free again. */
const range = { from: 20_000, size: 10_000 };

/** True when nobody listens on this port of the loopback interface. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** The first free port from `port` on. It is ours from now on: no other clone is given it while this process lives. */
export const nextFree = async (port: number): Promise<number> => {
  for (let candidate = port; candidate < port + 1_000 && candidate < 65_536; candidate += 1) {
    if ((await isFree(candidate)) && claim(candidate)) return candidate;
  }
  throw new Error(`No free port from ${port} on.`);
};

/**
 * A port for each name, the same at every start unless somebody else took it meanwhile. Each instance looks from a place of its
 * own on, so that the port of one that is stopped is seldom taken by another.
 */
export const rememberedPorts = async <Name extends string>(instance: Instance, names: readonly Name[]): Promise<Readonly<Record<Name, number>>> => {
  const path = join(instance.folder, 'ports.json');
  const known = readJson<Record<string, number>>(path) ?? {};
  const ports: Record<string, number> = { ...known };
  const place = range.from + (createHash('sha256').update(instance.id).digest().readUInt32BE() % (range.size / 20)) * 20;
  for (const name of names) {
    const port = known[name];
    ports[name] = port !== undefined && (await isFree(port)) && (ours.has(port) || claim(port)) ? port : await nextFree(place);
  }
  writePrivately(path, JSON.stringify(ports, null, 2));
  return ports as Record<Name, number>;
};

const claims = join(tmpdir(), 'order-platform-ports');
const ours = new Set<number>();
process.once('exit', () => {
  for (const port of ours) rmSync(join(claims, String(port)), { force: true });
});

/** Between finding a port free and listening on it another clone may find it free too: so it is noted where all clones look. */
const claim = (port: number): boolean => {
  if (!existsSync(claims)) {
    mkdirSync(claims, { recursive: true });
    // Like the folder for temporary files itself: for every user of the machine.
    chmodSync(claims, 0o1777);
  }
  const path = join(claims, String(port));
  const holder = readJson<{ pid: number; started: string }>(path);
  if (holder && isSameProcess(holder)) return false;
  try {
    rmSync(path, { force: true });
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: startedAt(process.pid) }), { flag: 'wx' });
  } catch (error) {
    // Somebody else was quicker, or another user's note stands there.
    if (['EEXIST', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  ours.add(port);
  return true;
};
