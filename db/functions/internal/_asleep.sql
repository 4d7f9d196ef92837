-- Does somebody sleep on a bell? A NOTIFY makes commits go one at a time, so nobody is woken who is awake.
-- The order matters. First we are SENDING until our transaction ends, then we look for sleepers: who parks after that
-- look finds us SENDING, or finds what we sent. One key alone would be taken for a sleeper when two senders look at once.
-- One expression without a call, since it stands in the way of every reply; and no cancel can fall between lock and unlock.
create or replace function jobmachine._asleep(bell text, kind text)
returns boolean
language sql volatile
as $$
  select case
    when not pg_catalog.pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), jobmachine._key_a(bell) & 1023) then true
    when jobmachine._sleeps_itself() then true
    when pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind), jobmachine._key_a(bell))
      then not pg_catalog.pg_advisory_unlock(jobmachine._lock_class(kind), jobmachine._key_a(bell))
    when pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind) + 1, jobmachine._key_b(bell))
      then not pg_catalog.pg_advisory_unlock(jobmachine._lock_class(kind) + 1, jobmachine._key_b(bell))
    else true
  end
$$;
revoke all on function jobmachine._asleep(text, text) from public;
comment on function jobmachine._asleep(text, text) is 'True if somebody may sleep on the bell; kind is queue or reply.';
