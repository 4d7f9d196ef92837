-- A sender's quick look for sleepers, as one expression without a call, since it stands in the way of every send. The
-- order is that of _asleep, which looks again, at both keys of a bell, where this says true.
create or replace function jobmachine._may_sleep(key_a integer, wide_key_a integer)
returns boolean
language sql volatile
as $$
  select case
    when pg_catalog.current_setting('jobmachine_session.parked', true) <> '' then true
    when pg_catalog.current_setting('jobmachine_session.waiting', true) not in ('', '0') then true
    when not pg_catalog.pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), key_a & 1023) then true
    when not pg_catalog.pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), wide_key_a & 1023) then true
    when not pg_catalog.pg_try_advisory_lock(jobmachine._lock_class('queue'), key_a) then true
    when not pg_catalog.pg_advisory_unlock(jobmachine._lock_class('queue'), key_a) then true
    when not pg_catalog.pg_try_advisory_lock(jobmachine._lock_class('queue'), wide_key_a) then true
    else not pg_catalog.pg_advisory_unlock(jobmachine._lock_class('queue'), wide_key_a)
  end
$$;
revoke all on function jobmachine._may_sleep(integer, integer) from public;
comment on function jobmachine._may_sleep(integer, integer) is 'False if surely nobody sleeps on a queue or on the wide bell, whose keys A are given.';
