-- The version of the installed functions; programs compare it with their own.
create or replace function jobmachine.version()
returns text
language sql immutable
as $$
  select '0.1.0'
$$;
comment on function jobmachine.version() is 'The version of the installed schema. Example: select jobmachine.version()';
