import type { Sealed } from '../domain/event.ts';
import type { Call, Caller } from '../platform/call.ts';
import type { Pool } from '../platform/database.ts';
import { gather } from '../platform/gather.ts';
import { Counter, type Registry } from '../platform/metrics.ts';
import type { Opened } from './sealing.ts';

/** What one call was shown of one person in one place. */
export type Disclosure = {
  readonly caller: Pick<Caller, 'issuer' | 'subject'>;
  readonly method: string;
  readonly correlationId: string;
  /** The stream of what was read: `order-…`, `return-…`. */
  readonly resource: string;
  /** Whose data it is. */
  readonly subject: string;
  /** What was shown, by name; never the values. */
  readonly fields: readonly string[];
};

/** Writes down what is about to be shown; once it resolves that is durable. Rejects with {@link AuditUnavailable} when it could not be written. */
export type RecordDisclosures = (disclosures: readonly Disclosure[]) => Promise<void>;

/** The audit trail cannot be written: nothing that belongs into it may be shown. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
  /** Callers are told to try again. */
  readonly unavailable = true;
}

/** Opens the audit trail for writing. Calls that wait at the same time share one insert. */
export const auditTrail = ({ pool, metrics }: { readonly pool: Pool; readonly metrics: Registry }): RecordDisclosures => {
  const failures = new Counter({
    name: 'audit_write_failures_total',
    help: 'Reads of personal data by staff that were refused because the audit trail could not be written.',
    registers: [metrics],
  });
  const insert = async (calls: readonly (readonly Disclosure[])[]): Promise<readonly undefined[]> => {
    const rows = calls.flat();
    await pool.query({
      name: 'audit.record',
      text: `insert into audit.personal_reads (issuer, reader, method, correlation_id, resource, subject, fields)
             select issuer, reader, method, correlation_id, resource, subject, string_to_array(fields, ',')
               from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[])
                    as read (issuer, reader, method, correlation_id, resource, subject, fields)`,
      values: [
        rows.map(({ caller }) => caller.issuer),
        rows.map(({ caller }) => caller.subject),
        rows.map(({ method }) => method),
        rows.map(({ correlationId }) => correlationId),
        rows.map(({ resource }) => resource),
        rows.map(({ subject }) => subject),
        rows.map(({ fields }) => fields.join(',')),
      ],
    });
    return calls.map(() => undefined);
  };
  const record = gather(insert, { maxBatch: 50, inFlight: 2 });
  return async (disclosures) => {
    try {
      await record(disclosures);
    } catch (error) {
      failures.inc();
      throw new AuditUnavailable('the audit trail cannot be written', { cause: error });
    }
  };
};

/** Opens sealed values for a call, in order. `resources` names the stream of each. */
type OpenFor = (values: readonly Sealed[], call: Call, resources: readonly string[]) => Promise<readonly Opened[]>;

/** Opens sealed values; what staff is shown of them is on record before it is handed out, or it is not handed out. */
export const audited = (open: (values: readonly Sealed[]) => Promise<readonly Opened[]>, record: RecordDisclosures): OpenFor => {
  const openForStaff: OpenFor = async (values, call, resources) => {
    const opened = await open(values);
    const disclosures = disclosuresIn(values, opened, call, resources);
    if (disclosures.length > 0) await record(disclosures);
    return opened;
  };
  return (values, call, resources) => (isStaff(call.caller) ? openForStaff(values, call, resources) : open(values));
};

/** The platform's own people, who see everybody's data. */
const isStaff = ({ scopes }: Caller): boolean => scopes.has('orders:support');

/** What is erased shows nothing of anybody. */
const disclosuresIn = (
  values: readonly Sealed[],
  opened: readonly Opened[],
  { caller, method, correlationId }: Call,
  resources: readonly string[],
): readonly Disclosure[] => {
  const shown = values.flatMap(({ subject, field }, index) =>
    opened[index]!.kind === 'open' ? [{ resource: resources[index]!, subject, field }] : [],
  );
  return [...Map.groupBy(shown, ({ resource, subject }) => `${resource}\n${subject}`).values()].map((parts) => ({
    caller,
    method,
    correlationId,
    resource: parts[0]!.resource,
    subject: parts[0]!.subject,
    fields: [...new Set(parts.map(({ field }) => field))].toSorted(),
  }));
};
