-- A sender's quick look for sleepers on a bell, as one expression without a call, since it stands in the way of every
-- send. It is half of _asleep; who finds somebody here looks there again, also at key B.
create or replace function jobmachine._may_sleep(class integer, key_a integer)
returns boolean
language sql volatile
as $$
  select case
    when not pg_catalog.pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), key_a & 1023) then true
    when not pg_catalog.pg_try_advisory_lock(class, key_a) then true
    else not pg_catalog.pg_advisory_unlock(class, key_a)
  end
$$;
revoke all on function jobmachine._may_sleep(integer, integer) from public;
comment on function jobmachine._may_sleep(integer, integer) is 'False if surely no other session sleeps on the bell whose key A is given; class is that of its key.';
