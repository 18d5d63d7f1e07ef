import type { DescMessage } from '@bufbuild/protobuf';

/** The opaque part of one entity tag (RFC 9110 §8.8.3), weak or strong, or `*`; undefined where it is none. */
export const entityTag = (text: string): string | undefined => (text === '*' ? '*' : /^(?:W\/)?"([\x21\x23-\x7e]+)"$/.exec(text)?.[1]);

/** Whether If-None-Match (RFC 9110 §13.1.2) names a tag, weak or strong, alone or among others. */
export const namesTag = (ifNoneMatch: string, tag: string): boolean =>
  ifNoneMatch.trim() === '*' || [...ifNoneMatch.matchAll(/"([^"]*)"/g)].some(([, each]) => each === tag);

/**
 * Whether an answer is the same as long as its revision is, so that 304 may be said of it. Not so where personal data is in it: that can
 * be erased without a new revision, and whoever kept it has to hear.
 */
export const isSettledByRevision = (answer: DescMessage): boolean =>
  answer.field['revision'] !== undefined && answer.field['consistencyToken'] === undefined && !holdsPersonalData(answer);

const holdsPersonalData = (message: DescMessage, seen = new Set<DescMessage>()): boolean => {
  if (seen.has(message)) return false;
  seen.add(message);
  return message.fields.some(
    (field) => field.enum?.typeName === 'orders.v1.PersonalText.Availability' || (field.message && holdsPersonalData(field.message, seen)),
  );
};
