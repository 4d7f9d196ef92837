-- Is a payload or reply worth a closer look by _check_json?
create or replace function jobmachine._suspicious(value jsonb)
returns boolean
language sql stable
as $$
  select pg_catalog.pg_column_size(value) > 1048576 or pg_catalog.pg_column_compression(value) is not null
$$;
revoke all on function jobmachine._suspicious(jsonb) from public;
comment on function jobmachine._suspicious(jsonb) is 'True if a value may be over 1 MB.';
