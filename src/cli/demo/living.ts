import type { Acknowledged, OrderedLine, Reply } from './api.ts';
import type { Command } from './commands.ts';
import type { Fate } from './fates.ts';
import type { Person } from './people.ts';
import type { Screen } from './screen.ts';
import type { Tale } from './tales.ts';

/** An order that was placed, and who lives its life. */
export type Living = {
  readonly orderId: string;
  readonly person: Person;
  readonly fate: Fate;
  readonly tale: Tale;
  readonly lines: readonly OrderedLine[];
  /** Sends a command of one of its people. */
  readonly act: (command: Command) => Promise<Reply<Acknowledged>>;
  readonly tell: Screen['tell'];
  /** People take their time. False: the demo ends. */
  readonly think: (fromMs: number, toMs: number) => Promise<boolean>;
};

/** The first characters of an id, which people remember. */
export const short = (orderId: string): string => orderId.slice(0, 8);
