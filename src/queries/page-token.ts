import { createHash } from 'node:crypto';
import { refused, type Caller, type Refusal } from '../platform/call.ts';

/** What a page is a page of: the method, its filter, and who asks. A token made for one is refused by every other. */
export type Listing = { readonly method: string; readonly filter: Readonly<Record<string, string>>; readonly caller: Caller };

/** The token of the page after the row with this key. */
export const pageTokenAfter = (listing: Listing, key: readonly string[]): string =>
  Buffer.from(JSON.stringify([hashOf(listing), ...key])).toString('base64url');

/** The key a page begins after, each part in its shape; undefined without a token. A token of another listing, or none of ours, is refused. */
export const keyOfPage = (listing: Listing, token: string, shapes: readonly RegExp[]): readonly string[] | undefined | Refusal => {
  if (token === '') return undefined;
  try {
    const [hash, ...key] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (hash === hashOf(listing) && key.length === shapes.length && key.every((part, index) => typeof part === 'string' && shapes[index]!.test(part)))
      return key as string[];
  } catch {
    // Not JSON: none of ours.
  }
  return refused('invalid', 'INVALID_PAGE_TOKEN', 'The page token was not made for this listing.', {
    fields: [{ field: 'page_token', description: 'must be the next_page_token of the same request, sent by the same caller' }],
  });
};

export const isRefusal = <T extends object>(value: T | Refusal | undefined): value is Refusal =>
  value !== undefined && 'kind' in value && value.kind === 'refused';

const hashOf = ({ method, filter, caller }: Listing): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        method,
        Object.entries(filter).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        caller.issuer,
        caller.subject,
        caller.customerId ?? null,
        caller.merchantId ?? null,
        [...caller.scopes].filter((scope) => scope.startsWith('tenants:')).toSorted(),
      ]),
    )
    .digest('base64url')
    .slice(0, 16);
