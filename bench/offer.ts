import { derivedId } from '../src/domain/ids.ts';
import type { OfferEvent } from '../src/domain/offer-events.ts';
import { offer, type Offer } from '../src/domain/offer.ts';
import { after, standardTerms } from '../src/domain/terms.ts';
import type { Findings } from './report.ts';
import type { Bench } from './run.ts';

const count = 100_000;
const merchantId = derivedId('merchant');
const orderId = derivedId('order');
const start = '2026-03-01T10:00:00.000Z';
const published: OfferEvent = {
  type: 'OfferPublished',
  data: {
    merchantId,
    sku: 'PHONE-13-128-B',
    title: 'Telephone 13, 128 GB, midnight',
    grade: 'B',
    currency: 'EUR',
    unitPriceMinor: 39_900,
    onHand: 1_000_000,
    vatScheme: 'STANDARD',
    warrantyMonths: 24,
  },
};

/** An offer of 100,000 events, in memory and alone: folded from its start, loaded from a snapshot, and reserved from. */
export const offerBenchmark = async ({ rounds, say }: Bench): Promise<Findings> => {
  const rush = [published, ...reservations(count, 10)];
  const years = [published, ...reservations(count / 2, 60_000).flatMap((event) => [event, releaseOf(event)])];
  const results = Array.from({ length: rounds + 1 }, (_, round) => {
    const [rushMs, rushed] = timed(() => rush.reduce(offer.evolve, offer.initial));
    const [yearsMs, worn] = timed(() => years.reduce(offer.evolve, offer.initial));
    const text = JSON.stringify(rushed);
    const [parseMs] = timed(() => JSON.parse(text) as Offer);
    const result = { rushMs, yearsMs, parseMs, bytes: text.length, oneOfRushMicros: reserveMicros(rushed), oneOfYearsMicros: reserveMicros(worn) };
    say(
      `${round === 0 ? 'to warm up' : `round ${round}`}: ${JSON.stringify(result, (_key, value: unknown) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value))}`,
    );
    return result;
  }).slice(1);
  const values = (name: keyof (typeof results)[number]): readonly number[] => results.map((result) => result[name]);
  return {
    figures: [
      { name: '100,000 reservations that all stand, folded', unit: ' ms', values: values('rushMs') },
      { name: '50,000 reservations and releases over weeks, folded', unit: ' ms', values: values('yearsMs') },
      { name: 'the snapshot of 100,000 reservations, parsed', unit: ' ms', values: values('parseMs') },
      { name: 'its length', unit: ' bytes', values: values('bytes') },
      { name: 'one more reservation, decided and folded, beside 100,000', unit: ' µs', values: values('oneOfRushMicros') },
      { name: 'one more reservation after 50,000 that ended', unit: ' µs', values: values('oneOfYearsMicros') },
    ],
    comparisons: [
      { what: 'An offer of 100,000 reservations folded from its start', values: values('rushMs'), unit: ' ms', target: { atMost: 1_000 } },
      { what: 'One more reservation of it', values: values('oneOfRushMicros').map((micros) => micros / 1_000), unit: ' ms', target: { atMost: 0.1 } },
    ],
    notes: ['Pure functions, one process, no store: what an offer costs beyond reading its events. All times are CPU time.'],
  };
};

const reservations = (pieces: number, pauseMs: number): readonly OfferEvent[] =>
  Array.from({ length: pieces }, (_, nth) => {
    const reservedAt = after(start, nth * pauseMs);
    const data = {
      merchantId,
      orderId,
      lineId: derivedId('line', String(nth)),
      quantity: 1,
      reserveBy: after(reservedAt, standardTerms.reserveMs),
      reservedAt,
    };
    return { type: 'StockReserved', data };
  });

const releaseOf = (event: OfferEvent): OfferEvent => {
  if (event.type !== 'StockReserved') throw new Error(`${event.type} is no reservation`);
  const { reserveBy: _, reservedAt: __, ...line } = event.data;
  return { type: 'ReservationReleased', data: { ...line, cause: 'EXPIRED' } };
};

/** What a reservation costs on average, of 10,000 one after another. */
const reserveMicros = (state: Offer): number => {
  const orders = 10_000;
  const now = '2026-09-01T10:00:00.000Z';
  const commands = Array.from({ length: orders }, (_, nth) => ({
    type: 'ReserveStock' as const,
    orderId,
    lineId: derivedId('another', String(nth)),
    quantity: 1,
    reserveBy: after(now, standardTerms.reserveMs),
    now,
    terms: standardTerms,
  }));
  const [ms] = timed(() =>
    commands.reduce((before, command) => {
      const decision = offer.decide(command, before);
      if (decision.kind === 'rejected') throw new Error(decision.because);
      return decision.events.reduce(offer.evolve, before);
    }, state),
  );
  return (ms / orders) * 1_000;
};

/** Work and the CPU time it took, garbage collection included: what other programs do meanwhile does not count. */
const timed = <Result>(work: () => Result): readonly [ms: number, result: Result] => {
  const began = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(began);
  return [(user + system) / 1_000, result];
};
