-- Each session asks at most once a second whether tick is due: a busy one claims thousands of times, and under a held
-- snapshot old versions of the row pile up. In SQL, so that it becomes part of the expression.
create or replace function jobmachine._asks(now timestamptz)
returns boolean
language sql stable
as $$
  select pg_catalog.current_setting('jobmachine_session.asked', true) is distinct from pg_catalog.date_part('epoch', now)::bigint::text
$$;
revoke all on function jobmachine._asks(timestamptz) from public;
comment on function jobmachine._asks(timestamptz) is 'True if this session has not asked in this second whether tick is due.';
