-- Wakes who sleeps on a bell, and does nothing if nobody does: a NOTIFY makes commits go one at a time.
-- The order matters. First we are SENDING until our transaction ends, then we look for sleepers: who parks after
-- that look finds us SENDING, or finds what we sent. One key alone would ring falsely when two senders look at once.
-- A session's own locks never conflict, so one that is parked itself cannot look: it always notifies.
create or replace function jobmachine._ring(bell text, kind text)
returns void
language plpgsql
as $$
declare
  v_key constant bigint := jobmachine._bell_key(_ring.bell);
  v_a constant integer := (v_key << 32 >> 32)::integer;
  v_b constant integer := (v_key >> 32)::integer;
  v_class constant integer := jobmachine._lock_class(_ring.kind);
begin
  if pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), v_a & 1023)
    and coalesce(current_setting('jobmachine_session.parked', true), '') = ''
    and coalesce(current_setting('jobmachine_session.waiting', true), '') in ('', '0')
  then
    -- Lock and unlock in one expression: no cancel can fall in between. True: nobody sleeps.
    if (case when pg_try_advisory_lock(v_class, v_a) then pg_advisory_unlock(v_class, v_a) else false end) then
      return;
    end if;
    if (case when pg_try_advisory_lock(v_class + 1, v_b) then pg_advisory_unlock(v_class + 1, v_b) else false end) then
      return;
    end if;
  end if;
  perform pg_notify(jobmachine._channel(_ring.bell), '');
end
$$;
revoke all on function jobmachine._ring(text, text) from public;
comment on function jobmachine._ring(text, text) is 'NOTIFY, if somebody sleeps on the bell; kind is queue or reply.';
