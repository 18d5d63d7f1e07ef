import { parseArgs } from 'node:util';
import { developmentToken, roles, type Role } from '../api/development-issuer.ts';
import { isUuid } from '../domain/ids.ts';
import { localPlatform } from './local-platform.ts';

const usage = `usage: npm run --silent token -- <role> [--merchant <id>] [--customer <id>] [--hours <n>]

Prints a token of the development issuer, for the platform that \`npm start\` runs in this clone.
Roles: ${Object.keys(roles).join(', ')}. A merchant needs --merchant, a customer --customer; ids are UUIDs. Tokens last 12 hours.

  curl -H "authorization: Bearer $(npm run --silent token -- checkout)" http://127.0.0.1:8080/v1/orders`;

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      merchant: { type: 'string' },
      customer: { type: 'string' },
      hours: { type: 'string', default: '12' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const role = positionals[0];
  if (values.help || role === undefined) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (!(role in roles)) throw new Error(`There is no role '${role}'. Roles: ${Object.keys(roles).join(', ')}.`);
  for (const [name, id] of [
    ['merchant', values.merchant],
    ['customer', values.customer],
  ] as const) {
    if (id !== undefined && !isUuid(id)) throw new Error(`--${name} takes a UUID, not '${id}'.`);
  }
  const hours = Number(values.hours);
  if (!(hours > 0 && hours <= 24 * 30)) throw new Error(`--hours is above 0 and at most 720, not '${values.hours}'.`);
  const token = await developmentToken({
    keyFile: localPlatform('DEVELOPMENT_KEY_FILE').DEVELOPMENT_KEY_FILE,
    role: role as Role,
    ...(values.merchant === undefined ? {} : { merchantId: values.merchant.toLowerCase() }),
    ...(values.customer === undefined ? {} : { customerId: values.customer.toLowerCase() }),
    lifetimeSeconds: hours * 3_600,
  });
  process.stdout.write(`${token}\n`);
};

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
