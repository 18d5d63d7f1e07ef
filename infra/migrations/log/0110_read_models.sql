-- Up Migration

-- Tables built from the log, and views that point at the live version of each. The runtime role makes and swaps them.
do $$
begin
  execute format('create schema read_models authorization %I', current_setting('order_platform.runtime_role'));
end
$$;
comment on schema read_models is 'Everything here can be built again from the log.';
