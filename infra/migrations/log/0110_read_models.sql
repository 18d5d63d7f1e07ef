-- Up Migration

-- Tables built from the log, and views that point at the live version of each. The runtime role makes and swaps them.
create schema read_models;
comment on schema read_models is 'Everything here can be built again from the log.';

-- Which version of a read model its view points at, and so which subscription brings it up to date.
create table read_models.live (
  name         text    not null collate "C" primary key,
  version      integer not null,
  subscription text    not null collate "C"
);

do $$
declare
  runtime constant text := current_setting('order_platform.runtime_role');
begin
  execute format('grant usage, create on schema read_models to %I', runtime);
  execute format('grant select, insert, update, delete on read_models.live to %I', runtime);
end
$$;
