/** How many entries a page has when the request does not say. */
export const defaultPageSize = 50;
