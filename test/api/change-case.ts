import type { JsonObject } from '@bufbuild/protobuf';
import type { Who } from '../support/clients.ts';
import type { CommandApi } from './command-api.ts';

/** A good request on what stands, who may send it, and who may not. */
export type Prepared = {
  readonly request: JsonObject;
  readonly who: Who;
  /** Callers with the scope to whom this does not belong: of other tenants, and of none. */
  readonly strangers: readonly Who[];
  /** The stream that the command appends to; of a creation none is known before. */
  readonly stream?: string;
};

/** One method that changes something. */
export type ChangeCase = {
  readonly method: string;
  readonly prepare: (api: CommandApi) => Promise<Prepared>;
  /** The events of the change. */
  readonly events: readonly string[];
  /** The field that names what is changed, and the code where nothing has that id. */
  readonly unknown: readonly [field: string, code: string];
};
