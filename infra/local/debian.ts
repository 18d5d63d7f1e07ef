import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { findProgram, isRoot } from './programs.ts';
import { Refusal, type Terminal } from './terminal.ts';

/** True where packages can be installed with apt: a Debian or a child of it, and we are root. */
export const canInstallPackages = (): boolean => isRoot() && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined;

/**
 * Installs Debian packages without starting the servers that come with them. Waits for its turn: for another clone that installs
 * (by a lock of ours), and for any other use of apt (by apt's).
 */
export const installPackages = async (packages: readonly string[], terminal: Terminal, stopped: AbortSignal): Promise<void> => {
  terminal.say(`Installing the Debian packages ${packages.join(', ')}; this may take a minute or two.`);
  const waitSeconds = 600;
  const quiet = ['-qq', '-o', `DPkg::Lock::Timeout=${waitSeconds}`, '-o', 'Acquire::Retries=3', '-o', 'Dpkg::Use-Pty=0'].join(' ');
  // apt's own waiting covers the lock of dpkg, but not those of its lists and of its archive.
  const script = `
    set -eu
    policy=/usr/sbin/policy-rc.d
    patiently() {
      tries=0
      until output=$("$@" 2>&1); do
        case $output in *"Could not get lock"*|*"Unable to lock"*) ;; *) printf '%s\\n' "$output" >&2; return 1;; esac
        tries=$((tries + 1)); [ $tries -lt ${waitSeconds} ] || { printf '%s\\n' "$output" >&2; return 1; }
        sleep 1
      done
    }
    if grep -qs 'order-platform' $policy || [ ! -e $policy ]; then
      printf '#!/bin/sh\\n# order-platform: packages do not start their servers while they are installed\\nexit 101\\n' > $policy
      chmod 755 $policy
      trap 'rm -f $policy' EXIT
      trap 'exit 1' INT TERM HUP
    fi
    patiently apt-get ${quiet} update
    patiently apt-get ${quiet} install -y --no-install-recommends ${packages.join(' ')}
  `;
  mkdirSync('/run/lock', { recursive: true });
  const lock = '/run/lock/order-platform-packages';
  const code = await runUnless(stopped, 'flock', [lock, 'sh', '-c', script], {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C.UTF-8',
  });
  if (code !== 0) {
    throw new Refusal(
      `apt-get could not install ${packages.join(', ')}; its own message is above. Install them yourself, or name running services in the environment.`,
    );
  }
};

/** Runs a program to its end; goes on without it when we are to stop. */
const runUnless = (stopped: AbortSignal, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> =>
  new Promise((resolve, reject) => {
    // In a group of its own: Ctrl-C ends us, but never dpkg half-way.
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
    child.on('error', reject);
    stopped.addEventListener('abort', () => reject(new Refusal('Stopped. The packages are installed to their end in the background.')));
    child.on('close', resolve);
  });
