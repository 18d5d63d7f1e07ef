// Changes prices of random offers, and back again a moment later, through all api processes in turn.
import { merchantId, offerCount, offerId, priceMinor } from '../market.ts';
import { answerQuestions, partOptions } from '../part.ts';
import type { Address } from '../platform.ts';

const { targets, perSecond, merchantTokens } = await partOptions<{
  readonly targets: readonly Address[];
  readonly perSecond: number;
  readonly merchantTokens: Readonly<Record<string, string>>;
}>();
let changed = 0;
let failed = 0;

const set = async (offer: number, amountMinor: number): Promise<void> => {
  changed += 1;
  const { host, port } = targets[changed % targets.length]!;
  const response = await fetch(`http://${host}:${port}/v1/offers/${offerId(offer)}:changePrice`, {
    method: 'POST',
    headers: { authorization: `Bearer ${merchantTokens[merchantId(offer)]}`, 'content-type': 'application/json' },
    body: JSON.stringify({ unit_price: { amount_minor: String(amountMinor), currency: 'EUR' } }),
  });
  if (!response.ok) failed += 1;
  await response.arrayBuffer();
};

const changing = setInterval(() => {
  const offer = Math.floor(Math.random() * offerCount);
  set(offer, priceMinor(offer) + 1)
    .then(() => set(offer, priceMinor(offer)))
    .catch(() => (failed += 1));
}, 2_000 / perSecond);

answerQuestions({ changes: () => ({ changed, failed }) }, async () => clearInterval(changing));
