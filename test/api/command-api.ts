import { after } from 'node:test';
import type { JsonObject } from '@bufbuild/protobuf';
import { services as codecs } from '../../src/contract/generated/services.ts';
import type { Services } from '../../src/api/methods.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { contract, methodNamed, openTransports, type Told } from '../support/any-method.ts';
import { openClients, type Who } from '../support/clients.ts';
import { openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { testDatabase } from '../support/database.ts';
import { livesIn, type Lives } from '../support/lives.ts';
import { runningApi, services } from './running-api.ts';

export type Transport = 'grpc' | 'rest';

/** An API of both transports over real commands on a database of the file's own. Its queries are nobody's. */
export type CommandApi = {
  readonly lives: Lives;
  readonly ask: (transport: Transport, method: string, request: JsonObject, who: Who) => Promise<Told>;
  readonly eventsOf: (stream: string) => Promise<readonly Recorded[]>;
  /** From now on every command is judged so much later. */
  readonly later: (days: number) => void;
};

const dayMs = 86_400_000;

/** Opens it; closed when the file's tests are over. */
export const openCommandApi = async (): Promise<CommandApi> => {
  const database = await testDatabase();
  let aheadMs = 0;
  const now = (): Date => new Date(Date.now() + aheadMs);
  const process = openCommandProcess(database, { now });
  const { api, keyFile } = await runningApi({ services: services(commandsOf(process)) });
  const addresses = { httpUrl: api.httpUrl, grpcAddress: `127.0.0.1:${api.grpcPort}` };
  const transports = openTransports(addresses);
  const clients = openClients({ ...addresses, keyFile });
  after(async () => {
    transports.close();
    clients.close();
    await process.close();
    await database.drop();
  });
  return {
    lives: livesIn(process, now),
    ask: async (transport, method, request, who) => transports[transport](methodNamed(method), request, await clients.token(who)),
    eventsOf: (stream) => process.eventsOf(stream),
    later(days) {
      aheadMs += days * dayMs;
    },
  };
};

/** The commands of a process, by the services of the contract. */
const commandsOf = (process: CommandProcess): Parameters<typeof services>[0] => {
  const implemented = process as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(codecs).map(([service, methods]) => {
      const names = Object.keys(methods).filter((name) => name in implemented);
      return [service, Object.fromEntries(names.map((name) => [name, implemented[name]]))];
    }),
  ) as Partial<Services>;
};

/** The transports that a method is served over. */
export const transportsOf = (method: string): readonly Transport[] => (methodNamed(method).routes.length > 0 ? ['grpc', 'rest'] : ['grpc']);

/** The commands of the contract that change what stands, or begin something about it. */
export const changingMethods: readonly string[] = contract.methods
  .filter(({ input }) => input.field['requestId'] !== undefined)
  .map(({ service, name }) => `${service.slice(service.lastIndexOf('.') + 1)}/${name}`);
