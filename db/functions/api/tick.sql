-- The housekeeper. Anyone may call it; the lock lets one in, and each part runs by itself so that an error in one
-- (logged as a warning) does not stop the rest.
create or replace function jobmachine.tick()
returns double precision
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = on
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_part text;
  v_wait double precision := 5.0::double precision;
  v_answer double precision;
begin
  if not pg_try_advisory_xact_lock(jobmachine._lock_class('tick'), (jobmachine._bell_key('tick*') >> 32)::integer) then
    return 1::double precision;
  end if;
  foreach v_part in array array['due', 'expired', 'overdue', 'leases', 'low_water', 'segments', 'purge', 'retire'] loop
    begin
      v_answer := case v_part
        when 'due' then jobmachine._tick_due()
        when 'expired' then jobmachine._tick_expired()
        when 'overdue' then jobmachine._tick_overdue()
        when 'leases' then jobmachine._tick_leases()
        when 'low_water' then jobmachine._tick_low_water()
        when 'segments' then jobmachine._tick_segments()
        when 'purge' then jobmachine._tick_purge()
        when 'retire' then jobmachine._tick_retire() -- last, as its locks last until the commit
      end;
      v_wait := least(v_wait, v_answer);
    exception when others then
      raise warning 'jobmachine: tick: %: % (%)', v_part, sqlerrm, sqlstate;
      v_wait := least(v_wait, 1.0);
    end;
  end loop;
  update jobmachine.meta m set ticked_at = jobmachine._now() where m.ticked_at < jobmachine._now() - interval '0.9 s';
  return greatest(0.0, v_wait);
end
$$;
comment on function jobmachine.tick() is
'Does the housekeeping that is due: moves due jobs to pending, ends attempts past their timeout, expires jobs and leases, and keeps the tables in order.
Any worker, pg_cron or psql may call it; calls at the same moment do no harm. Returns the seconds until it wants to be called again, at most 5.
Example: select jobmachine.tick()';
