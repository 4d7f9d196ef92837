-- Where a job is.
create or replace function jobmachine.status(job_id bigint)
returns setof jobmachine.jobs
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
begin
  return query select j.* from jobmachine.jobs j where j.id = status.job_id;
end
$$;
comment on function jobmachine.status(bigint) is
'Returns the row of the view jobs for one job; no row: unknown, or removed after its retention. Example: select state, attempt from jobmachine.status(42)';
