import type { CallOptions } from './call-options.ts';

/** Every page of a list, one after the other: `for await (const { orders } of everyPage(client.listOrders, { customerId }))`. */
export async function* everyPage<Request extends { readonly pageToken?: string | undefined }, Page extends { readonly nextPageToken: string }>(
  list: (request: Request, options?: CallOptions) => Promise<Page>,
  request: Request,
  options?: CallOptions,
): AsyncGenerator<Page, void, undefined> {
  for (let pageToken = request.pageToken; ;) {
    const page = await list({ ...request, pageToken }, options);
    yield page;
    pageToken = page.nextPageToken;
    if (pageToken === '') return;
  }
}
