-- Up Migration

-- Tables built from the log, and views that point at the live version of each. The runtime role makes, owns and swaps them.
create schema read_models;
comment on schema read_models is 'Everything here can be built again from the log.';

do $$
begin
  execute format('grant create, usage on schema read_models to %I', current_setting('order_platform.runtime_role'));
end
$$;
