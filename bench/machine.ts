import { cpus, totalmem } from 'node:os';
import { connect } from 'amqplib';
import pg from 'pg';

/** What a result was measured on. Nothing in it names the machine. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly postgresql: string;
  /** Settings that decide what a commit costs. */
  readonly durability: string;
  readonly rabbitmq?: string;
  readonly date: string;
};

/** Describes the machine and the services that a benchmark uses. */
export const describeMachine = async (databaseUrl: string, rabbitmqUrl?: string): Promise<Machine> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_sync_method') order by name`,
  );
  await client.end();
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  const { server_version: postgresql = '?', shared_buffers: buffers, ...durability } = settings;
  return {
    cpu: cpus()[0]?.model.trim() ?? '?',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    postgresql: postgresql.split(' ')[0]!,
    durability: `${Object.entries(durability)
      .map(([name, setting]) => `${name} ${setting}`)
      .join(', ')}; shared_buffers ${Number(buffers) / 128} MiB`,
    ...(rabbitmqUrl ? { rabbitmq: await rabbitVersion(rabbitmqUrl) } : {}),
    date: new Date().toISOString().slice(0, 10),
  };
};

const rabbitVersion = async (url: string): Promise<string> => {
  const connection = await connect(url);
  const version = connection.connection.serverProperties['version'] ?? '?';
  await connection.close();
  return version;
};
