import { localFolder } from './instance.ts';
import { createTerminal, runToExit } from './terminal.ts';
import { wipe } from './wipe.ts';

// `npm run reset`: the next start begins with nothing.

runToExit(async () => {
  const terminal = createTerminal();
  const removed = await wipe(localFolder);
  for (const what of removed) terminal.say(`Removed ${what}`);
  if (removed.length === 0) terminal.say('Nothing to remove.');
  return 0;
});
