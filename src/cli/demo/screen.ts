import { styleText } from 'node:util';

/** One thing that happened, told in one line: `what` is shortened where the line would not fit. */
export type Story = { readonly label: Label; readonly what: string; readonly tail?: string };

export type Label =
  | 'order'
  | 'shipped'
  | 'completed'
  | 'cancelled'
  | 'expired'
  | 'line'
  | 'address'
  | 'return'
  | 'support'
  | 'task'
  | 'refused'
  | 'price'
  | 'stock'
  | 'same again'
  | 'history'
  | 'error'
  | 'behind'
  | 'broker'
  | 'BROKEN';

/** Where the demo tells what happens: stories scroll by, a summary stays at the bottom or, where nobody watches, comes every few seconds. */
export type Screen = {
  /** Shows it, unless enough of its kind was shown a moment ago. */
  readonly tell: (story: Story) => void;
  readonly say: (text: string) => void;
  /** From now on. */
  readonly summarise: (summary: Summary) => void;
  /** The summary goes. */
  readonly close: () => void;
};

export type Summary = { readonly lines: () => readonly string[]; readonly line: () => string };

type Colour = Parameters<typeof styleText>[0];
const colours: Readonly<Record<Label, Colour>> = {
  order: 'green',
  shipped: 'green',
  completed: ['bold', 'green'],
  cancelled: 'magenta',
  expired: 'magenta',
  line: 'magenta',
  address: 'blue',
  return: 'yellow',
  support: 'red',
  task: 'red',
  refused: 'yellow',
  price: 'cyan',
  stock: 'cyan',
  'same again': 'blue',
  history: 'blue',
  error: 'red',
  behind: 'red',
  broker: 'red',
  BROKEN: ['bold', 'red'],
};

/** So many stories of one kind in so many milliseconds; of a broken promise all are told. */
const limit = (label: Label): { readonly count: number; readonly inMs: number } => {
  if (label === 'order') return { count: 2, inMs: 1_000 };
  if (label === 'BROKEN') return { count: Infinity, inMs: 1_000 };
  return { count: 1, inMs: label === 'behind' ? 10_000 : often.has(label) ? 2_000 : 1_000 };
};

/** Of these there are many. */
const often: ReadonlySet<Label> = new Set(['shipped', 'completed', 'refused', 'price', 'stock', 'history']);

const labelWidth = 10;
/** On wide terminals the tails stand below each other here, not at the far right. */
const widestMiddle = 66;
/** On narrow ones the tail is cut, too. */
const leastMiddle = 28;
const redrawMs = 250;
const lineEveryMs = 5_000;

export const createScreen = (stream: NodeJS.WriteStream = process.stdout): Screen => {
  const told = new Map<Label, { readonly span: number; readonly count: number }>();
  let summary: Summary | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drawn = 0;

  const paint = (colour: Colour, text: string): string => styleText(colour, text, { stream });
  const width = (): number => (stream.isTTY ? Math.max(40, stream.columns || 80) : Infinity);
  const erase = (): string => (drawn > 0 ? `\u001b[${drawn}F\u001b[0J` : '');
  const bottom = (): string => {
    if (!stream.isTTY || !summary) return '';
    const lines = [paint('dim', '─'.repeat(Math.min(width(), 120) - 1)), ...summary.lines().map((line) => fitted(line, width() - 1))];
    drawn = lines.length;
    return `${lines.join('\n')}\n`;
  };
  const write = (text: string): void => {
    const before = erase();
    drawn = 0;
    stream.write(before + text + bottom());
  };

  return {
    tell({ label, what, tail = '' }) {
      const { count, inMs } = limit(label);
      const span = Math.floor(performance.now() / inMs);
      const before = told.get(label);
      const now = { span, count: before?.span === span ? before.count + 1 : 1 };
      told.set(label, now);
      if (now.count > count) return;
      const room = width() - 1 - clock().length - labelWidth - 4;
      const middleRoom = tail === '' ? room : Math.max(room - tail.length - 3, leastMiddle);
      const middle = fitted(what, middleRoom).padEnd(stream.isTTY && tail !== '' ? Math.min(middleRoom, widestMiddle) : 0);
      const end = tail === '' ? '' : `   ${paint('dim', fitted(tail, room - middle.length - 3))}`;
      write(`${paint('dim', clock())}  ${paint(colours[label], label.padEnd(labelWidth))}  ${middle}${end}\n`);
    },
    say: (text) => write(`${text}\n`),
    summarise(given) {
      summary = given;
      timer = stream.isTTY ? setInterval(() => write(''), redrawMs) : setInterval(() => write(`${clock()}  ${given.line()}\n`), lineEveryMs);
      write('');
    },
    close() {
      clearInterval(timer);
      summary = undefined;
      write('');
    },
  };
};

const clock = (): string => new Date().toTimeString().slice(0, 8);

const fitted = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`);
