// `npm pack` and `npm publish` run this: JavaScript and declarations in dist/, made anew.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
rmSync(`${here}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [fileURLToPath(new URL('../../node_modules/typescript-native/bin/tsc', import.meta.url)), '-p', here], {
  stdio: 'inherit',
});
