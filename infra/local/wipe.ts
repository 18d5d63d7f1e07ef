import { existsSync, lstatSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { composeWipe, engineAnswers } from './compose.ts';
import { instanceNames, openInstance, outsideFolder, runner } from './instance.ts';
import { endLeftovers } from './processes.ts';
import { Refusal } from './terminal.ts';

/**
 * Removes what `npm start` and `npm test` keep: the given `.local` folder, the one folder outside the clone that they made
 * themselves, and their containers' volumes. Refuses while one of them runs. Answers what was removed.
 */
export const wipe = async (local: string): Promise<readonly string[]> => {
  if (!existsSync(local)) return [];
  const instances = instanceNames.filter((name) => existsSync(join(local, name))).map((name) => openInstance(name, local));
  for (const instance of instances) {
    const holder = runner(instance);
    if (holder)
      throw new Refusal(`npm ${instance.name} runs in this clone (process ${holder.pid}). End it first, with Ctrl-C or: kill ${holder.pid}`);
  }
  const removed: string[] = [];
  for (const instance of instances) {
    await endLeftovers(instance.folder, 10_000);
    if (!existsSync(join(instance.folder, 'compose.env'))) continue;
    if (!engineAnswers())
      throw new Refusal(`The data of npm ${instance.name} lies in containers, and no container engine answers: start it and try again.`);
    await composeWipe(instance);
    removed.push(`the containers of npm ${instance.name}`);
  }
  const link = join(local, 'outside');
  const outside = outsideFolder(local);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === outside && existsSync(outside)) {
    rmSync(outside, { recursive: true });
    removed.push(outside);
  }
  rmSync(local, { recursive: true });
  return [...removed, local];
};
