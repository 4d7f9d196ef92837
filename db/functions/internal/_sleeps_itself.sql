-- A session's own locks never conflict, so one that sleeps itself cannot look for sleepers: it always rings.
create or replace function jobmachine._sleeps_itself()
returns boolean
language sql stable
as $$
  select coalesce(pg_catalog.current_setting('jobmachine_session.parked', true), '') <> ''
    or coalesce(pg_catalog.current_setting('jobmachine_session.waiting', true), '') <> ''
$$;
revoke all on function jobmachine._sleeps_itself() from public;
comment on function jobmachine._sleeps_itself() is 'True if this session is parked or waits for an answer.';
