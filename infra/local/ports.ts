import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readJson, writePrivately, type Instance } from './instance.ts';

/** Ports that no system gives out for outgoing connections, so that a stopped instance finds its own free again. */
const range = { from: 20_000, size: 10_000 };

/** True when nobody listens on this port of the loopback interface. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** The first free port from `port` on that is not among `taken`. */
export const nextFree = async (port: number, taken: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let candidate = port; candidate < port + 1_000 && candidate < 65_536; candidate += 1) {
    if (!taken.has(candidate) && (await isFree(candidate))) return candidate;
  }
  throw new Error(`No free port from ${port} on.`);
};

/**
 * A port for each name, the same at every start unless somebody else took it meanwhile. Each clone looks from a place of its own
 * on, so that two that start at the same moment do not meet.
 */
export const rememberedPorts = async <Name extends string>(instance: Instance, names: readonly Name[]): Promise<Readonly<Record<Name, number>>> => {
  const path = join(instance.folder, 'ports.json');
  const known = readJson<Record<string, number>>(path) ?? {};
  const ports: Record<string, number> = { ...known };
  const place = range.from + (createHash('sha256').update(instance.id).digest().readUInt32BE() % (range.size / 20)) * 20;
  for (const name of names) {
    const port = known[name];
    if (port !== undefined && (await isFree(port))) continue;
    delete ports[name];
    ports[name] = await nextFree(place, new Set(Object.values(ports)));
  }
  writePrivately(path, JSON.stringify(ports, null, 2));
  return ports as Record<Name, number>;
};
