import type { Terminal } from './terminal.ts';

/** How long the same message is not shown again. */
const quietMs = 10_000;

/** Shows what of a role's log a person should see: warnings and errors, and whatever is no log line (a crash). Repetitions are left out. */
export const roleOutput = (role: string, terminal: Terminal, isStopping: () => boolean): ((line: string) => void) => {
  const shown = new Map<string, number>();
  return (line) => {
    const text = worthShowing(line);
    if (text === undefined || isStopping()) return;
    const now = performance.now();
    if (now - (shown.get(text) ?? -Infinity) < quietMs) return;
    if (shown.size > 1_000) shown.clear();
    shown.set(text, now);
    terminal.warn(`${role}: ${text}`);
  };
};

const worthShowing = (line: string): string | undefined => {
  if (line.trim() === '') return undefined;
  const entry = parsed(line);
  if (!entry) return line;
  if (!['warn', 'error', 'fatal'].includes(entry.level ?? '')) return undefined;
  return entry.err?.message ? `${entry.msg} (${entry.err.message})` : entry.msg;
};

type Entry = { readonly level?: string; readonly msg?: string; readonly err?: { readonly message?: string } };

const parsed = (line: string): Entry | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};
