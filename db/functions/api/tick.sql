-- The housekeeper. To retire segments takes exclusive locks, so that is done alone, in a turn of its own.
create or replace function jobmachine.tick()
returns double precision
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set lock_timeout = '1 s'
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = on
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
begin
  if jobmachine._retire_is_due() then
    return jobmachine._tick(array['retire']);
  end if;
  return jobmachine._tick(array['due', 'expired', 'overdue', 'leases', 'low_water', 'segments', 'purge']);
end
$$;
comment on function jobmachine.tick() is
'Does the housekeeping that is due: moves due jobs to pending, ends attempts past their timeout, expires jobs and leases, and keeps the tables in order.
Any worker, pg_cron or psql may call it; calls at the same moment do no harm. Returns the seconds until it wants to be called again, at most 5.
Example: select jobmachine.tick()';
