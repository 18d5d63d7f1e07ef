import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../domain', import.meta.url));

/**
 * Names the code that folds events: a hash of the domain's source. Any change of it makes states that other code folded
 * unusable, more often than needed and never too seldom.
 */
export const domainVersion = (): string => {
  const hash = createHash('sha256');
  for (const file of globSync('**/*.ts', { cwd: folder }).toSorted()) hash.update(`${file}\n`).update(readFileSync(`${folder}/${file}`));
  return hash.digest('base64url').slice(0, 16);
};
