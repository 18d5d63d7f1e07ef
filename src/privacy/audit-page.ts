import type { Pool } from '../platform/database.ts';

/** Which reads are asked for; what is left out does not narrow. */
export type AuditFilter = {
  /** Whose data was shown. */
  readonly subject?: string;
  /** Where: the stream, `order-…` or `return-…`. */
  readonly resource?: string;
  /** Who read: the `sub` of the token. */
  readonly reader?: string;
  /** `orders.v1.OrderService/GetOrder` */
  readonly method?: string;
  readonly correlationId?: string;
  readonly since?: Date;
  /** Not itself within. */
  readonly until?: Date;
};

/** What one call was shown of one person in one place. */
export type AuditedRead = {
  readonly read_id: number;
  readonly read_at: Date;
  readonly issuer: string;
  readonly reader: string;
  readonly method: string;
  readonly correlation_id: string;
  readonly resource: string;
  readonly subject: string;
  readonly fields: readonly string[];
};

/** A page of the audit trail, newest first; `before` is the last `read_id` of the page that came before. Needs a role that may select, which the runtime role may not. */
export const readAuditPage = async (
  pool: Pool,
  filter: AuditFilter,
  page: { readonly size: number; readonly before?: number },
): Promise<{ readonly reads: readonly AuditedRead[]; readonly next: number | undefined }> => {
  const { rows } = await pool.query<AuditedRead>(
    `select read_id, read_at, issuer, reader, method, correlation_id, resource, subject, fields
       from audit.personal_reads
      where ($1::uuid is null or subject = $1)
        and ($2::text is null or resource = $2)
        and ($3::text is null or reader = $3)
        and ($4::text is null or method = $4)
        and ($5::text is null or correlation_id = $5)
        and ($6::timestamptz is null or read_at >= $6)
        and ($7::timestamptz is null or read_at < $7)
        and ($8::bigint is null or read_id < $8)
      order by read_id desc
      limit $9`,
    [
      filter.subject,
      filter.resource,
      filter.reader,
      filter.method,
      filter.correlationId,
      filter.since?.toISOString(),
      filter.until?.toISOString(),
      page.before,
      page.size + 1,
    ],
  );
  const reads = rows.slice(0, page.size);
  return { reads, next: rows.length > page.size ? reads.at(-1)!.read_id : undefined };
};
