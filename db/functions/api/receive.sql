-- The latest answer.
create or replace function jobmachine.receive(job_id bigint)
returns setof jobmachine.answers
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
  return query select a.* from jobmachine.answers a where a.job_id = receive.job_id order by a.seq desc limit 1;
end
$$;
comment on function jobmachine.receive(bigint) is
'Returns the latest answer to a job; no row: none yet. state running: an interim one; completed, failed or cancelled: the last one.
Example: select state, payload, error from jobmachine.receive(42)';
