-- Up Migration

-- What staff was shown of people. The runtime role may add to it and no more: it can neither read, change nor delete what it wrote.
create schema audit;

create table audit.personal_reads (
  read_id        bigint      generated always as identity primary key,
  read_at        timestamptz not null default clock_timestamp(),
  issuer         text        not null,
  reader         text        not null,
  method         text        not null collate "C",
  correlation_id text        not null collate "C",
  resource       text        not null collate "C",
  subject        uuid        not null,
  fields         text[]      not null
);
comment on table audit.personal_reads is 'One row for each person of whom one thing (an order, a return) was shown in one call.';
comment on column audit.personal_reads.reader is 'The sub claim of the caller''s token, of that issuer.';
comment on column audit.personal_reads.resource is 'The stream of what was read: order-<id>, return-<id>.';
comment on column audit.personal_reads.subject is 'Whose data it is: the customer, or who wrote the text.';
comment on column audit.personal_reads.fields is 'What was shown, by name. Never the values.';
create index on audit.personal_reads (subject, read_id);
create index on audit.personal_reads (resource, read_id);
create index on audit.personal_reads (reader, read_id);
create index on audit.personal_reads (read_at);

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage on schema audit to %I', runtime);
  execute format('grant insert on audit.personal_reads to %I', runtime);
end
$$;
