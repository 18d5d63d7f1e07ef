-- Up Migration

-- The keys under which personal data is sealed, one per subject, wrapped by the master key. Erasing a subject is destroying
-- its key: the row stays as a tombstone without key. They have a database of their own, so that no backup of the log holds them.
create schema privacy;

create table privacy.keys (
  subject    uuid        primary key,
  wrapped    bytea,
  created_at timestamptz not null default clock_timestamp(),
  erased_at  timestamptz,
  check ((wrapped is null) = (erased_at is not null))
);

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage on schema privacy to %I', runtime);
  execute format('grant select, insert on privacy.keys to %I', runtime);
end
$$;
