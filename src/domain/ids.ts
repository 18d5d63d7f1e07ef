import { hash } from 'node:crypto';

/** Any UUID of RFC 9562, upper or lower case. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

/** The namespace of every derived id of this platform; never change it. What is hashed is written behind it. */
const namespace = Buffer.from('6f72646572735005a1d0c0de5eed0001', 'hex');
const hashed = Buffer.alloc(1024);
namespace.copy(hashed);

/**
 * A UUID version 5 (RFC 9562 §5.5) of the given parts: the same parts give the same id, in every process and for ever.
 * Each part is preceded by its length, so that ('a', 'bc') and ('ab', 'c') differ.
 */
export const derivedId = (...parts: readonly string[]): string => {
  let name = '';
  for (const part of parts) name += `${Buffer.byteLength(part)}:${part}`;
  const end = namespace.length + Buffer.byteLength(name);
  if (end <= hashed.length) hashed.write(name, namespace.length);
  const hex = hash('sha1', end <= hashed.length ? hashed.subarray(0, end) : Buffer.concat([namespace, Buffer.from(name)]), 'hex');
  const variant = variants[Number.parseInt(hex.charAt(16), 16) & 0b11]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** The first digit of the fourth group says which UUIDs these are; two of its bits are the hash's. */
const variants = ['8', '9', 'a', 'b'] as const;

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
