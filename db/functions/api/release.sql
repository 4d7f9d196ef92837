-- Not me: again at once, the attempt given back.
create or replace function jobmachine.release(job_id bigint, receipt bigint)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform jobmachine._check_run(release.job_id, release.receipt);
  return jobmachine._end_one(release.job_id, release.receipt, 'release', null, null, null);
end
$$;
comment on function jobmachine.release(bigint, bigint) is
'Puts a claimed job back for now; the attempt is given back. Returns ok, already, stale, cancelled or unknown. Errors: JM001.
Example: select jobmachine.release(42, 8412393122)';
