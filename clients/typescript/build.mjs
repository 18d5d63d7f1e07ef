// `npm pack` and `npm publish` run this: JavaScript and declarations in dist/, made anew, and the licence.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
rmSync(`${here}dist`, { recursive: true, force: true });
copyFileSync(`${here}../../LICENSE`, `${here}LICENSE`);
execFileSync(process.execPath, [fileURLToPath(new URL('../../node_modules/typescript-native/bin/tsc', import.meta.url)), '-p', here], {
  stdio: 'inherit',
});
