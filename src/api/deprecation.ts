import type { Deprecation } from './descriptors.ts';

/** What answers of a method that goes away say: Deprecation (RFC 9745), Sunset (RFC 8594) and Link, names in lower case; nothing where it stays. */
export const deprecationHeaders = (deprecation: Deprecation | undefined): Readonly<Record<string, string>> => {
  if (!deprecation) return {};
  const { since, sunset, link } = deprecation;
  return {
    deprecation: `@${since.getTime() / 1_000}`,
    ...(sunset ? { sunset: sunset.toUTCString() } : {}),
    ...(link === '' ? {} : { link: `<${link}>; rel="deprecation"; type="text/html"` }),
  };
};
