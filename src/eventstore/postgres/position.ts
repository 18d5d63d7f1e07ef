import type { Position } from '../event-store.ts';

/** Positions of this store are counted from 1; as text they are padded so that they sort. */
const digits = 16;

export const formatPosition = (position: number): Position => String(position).padStart(digits, '0') as Position;

export const numberOf = (position: Position): number => Number(position);

export const parsePosition = (text: string): Position | undefined =>
  /^\d{16}$/.test(text) && Number.isSafeInteger(Number(text)) ? (text as Position) : undefined;

/** Before the first event. */
export const start = formatPosition(0);
