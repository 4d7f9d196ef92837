-- Is a payload or reply, or one in an array of them, worth a closer look by _check_json? Elements of an array are never
-- compressed by themselves.
create or replace function jobmachine._suspicious(value anyelement)
returns boolean
language sql stable
as $$
  select pg_catalog.pg_column_size(value) > 1048576 or pg_catalog.pg_column_compression(value) is not null
$$;
revoke all on function jobmachine._suspicious(anyelement) from public;
comment on function jobmachine._suspicious(anyelement) is 'True if a value may be over 1 MB.';
