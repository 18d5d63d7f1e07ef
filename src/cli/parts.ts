import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';

/** What every role is given. */
export type Parts = {
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Unique per process; names it to operators. */
  readonly holder: string;
  /** To be called when the role can no longer do its work; the process ends. */
  readonly failed: (error: unknown) => void;
};
