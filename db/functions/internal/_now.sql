-- The one clock. It reads no setting, since any role could set one; tests replace the function.
create or replace function jobmachine._now()
returns timestamptz
language sql volatile
as $$
  select pg_catalog.clock_timestamp()
$$;
revoke all on function jobmachine._now() from public;
comment on function jobmachine._now() is 'The time that decides everything: the database''s.';
