-- Deletes a job that is not running, wherever it is.
create or replace function jobmachine.remove(job_id bigint)
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
declare
  v_found boolean;
begin
  while exists (select from jobmachine.job j where j.id = remove.job_id) loop
    delete from jobmachine.finished f where f.job_id = remove.job_id;
    v_found := found;
    if not v_found then
      delete from jobmachine.scheduled s where s.job_id = remove.job_id;
      v_found := found;
    end if;
    if not v_found then
      delete from jobmachine.pending p where p.ctid = jobmachine._pending_place(remove.job_id);
      v_found := found;
    end if;
    if v_found then
      perform jobmachine._forget(array[remove.job_id]);
      return 'ok';
    end if;
    if exists (select from jobmachine.running r where r.job_id = remove.job_id) then
      return 'running';
    end if;
  end loop;
  return 'unknown';
end
$$;
comment on function jobmachine.remove(bigint) is
'Deletes a job with its answers, failed attempts and key. Returns ok; running: cancel it first; unknown. Example: select jobmachine.remove(42)';
