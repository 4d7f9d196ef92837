-- Does somebody sleep on a bell? A NOTIFY makes commits go one at a time, so nobody is woken who is awake.
-- The order matters. First we are SENDING until our transaction ends, then we look for sleepers: who parks after
-- that look finds us SENDING, or finds what we sent. One key alone would be taken for a sleeper when two senders look
-- at once.
create or replace function jobmachine._asleep(bell text, kind text)
returns boolean
language plpgsql
as $$
declare
  v_key constant bigint := jobmachine._bell_key(_asleep.bell);
  v_a constant integer := (v_key << 32 >> 32)::integer;
  v_class constant integer := jobmachine._lock_class(_asleep.kind);
begin
  if not pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), v_a & 1023) then
    return true;
  end if;
  if jobmachine._sleeps_itself() then
    return true;
  end if;
  -- Lock and unlock in one expression: no cancel can fall in between. True: nobody sleeps.
  if (case when pg_try_advisory_lock(v_class, v_a) then pg_advisory_unlock(v_class, v_a) else false end) then
    return false;
  end if;
  return not (case when pg_try_advisory_lock(v_class + 1, (v_key >> 32)::integer) then pg_advisory_unlock(v_class + 1, (v_key >> 32)::integer) else false end);
end
$$;
revoke all on function jobmachine._asleep(text, text) from public;
comment on function jobmachine._asleep(text, text) is 'True if somebody may sleep on the bell; kind is queue or reply.';
