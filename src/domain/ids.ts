import { hash } from 'node:crypto';

/** Any UUID of RFC 9562, upper or lower case. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

/** The namespace of every derived id of this platform; never change it. */
const namespace = Buffer.from('6f72646572735005a1d0c0de5eed0001', 'hex');

/**
 * A UUID version 5 (RFC 9562 §5.5) of the given parts: the same parts give the same id, in every process and for ever.
 * Each part is preceded by its length, so that ('a', 'bc') and ('ab', 'c') differ.
 */
export const derivedId = (...parts: readonly string[]): string => {
  const name = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'buffer');
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** The stream of an order. */
export const orderStream = (orderId: string): string => `order-${orderId}`;
/** The stream of an offer. */
export const offerStream = (offerId: string): string => `offer-${offerId}`;
/** The stream of a payment. */
export const paymentStream = (paymentId: string): string => `payment-${paymentId}`;
/** The stream of a return. */
export const returnStream = (returnId: string): string => `return-${returnId}`;
/** The stream of what the platform decides about a customer. */
export const customerStream = (customerId: string): string => `customer-${customerId}`;
/** The aggregate's id in a stream's name: `order-<id>` → `<id>`. */
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
