import { canInstallPackages, installPackages } from './debian.ts';
import { findProgram } from './programs.ts';
import type { Terminal } from './terminal.ts';

/** Programs that some tests run, and the Debian package that has each. */
const programs: Readonly<Record<string, string>> = { nginx: 'nginx' };

/** Installs what of these is missing where that is possible; otherwise says so, and the tests that need them fail. */
export const bringTestPrograms = async (terminal: Terminal, stopped: AbortSignal): Promise<void> => {
  const missing = Object.entries(programs).filter(([program]) => findProgram(program) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (canInstallPackages()) {
    await terminal.step(
      'Test tools',
      () => installPackages(packages, terminal, stopped),
      () => 'installed',
    );
  } else {
    const names = missing.map(([program]) => program).join(', ');
    terminal.warn(
      `Tests that run ${names} will fail: not on this machine, and no right to install packages. On Debian: apt-get install ${packages.join(' ')}`,
    );
  }
};
