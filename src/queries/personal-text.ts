import { PersonalText_Availability, type PersonalText } from '../contract/generated/orders/v1/common.ts';
import type { Sealed } from '../domain/event.ts';
import type { Call } from '../platform/call.ts';
import type { Opened } from '../privacy/sealing.ts';

/** Opens sealed values for a call, in order. `resources` names the stream of each: staff's reads go on record with it. */
export type Open = (values: readonly Sealed[], call: Call, resources: readonly string[]) => Promise<readonly Opened[]>;

/** A sealed value as far as it could be opened; undefined: the caller may not see it. */
export const personalText = (opened: Opened | undefined): PersonalText => {
  if (!opened) return { availability: PersonalText_Availability.WITHHELD, text: '' };
  if (opened.kind === 'erased') return { availability: PersonalText_Availability.ERASED, text: '' };
  return { availability: PersonalText_Availability.AVAILABLE, text: opened.text };
};
