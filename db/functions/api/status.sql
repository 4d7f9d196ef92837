-- Where a job is. It looks for a ticket in pending itself: the view may read the whole of that room.
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
declare
  v_ticket record;
begin
  select p.queue, p.rank into v_ticket from jobmachine.pending p where p.ctid = jobmachine._pending_place(status.job_id);
  if found then
    return query
    select v.id, v.queue, v.state, v.payload, v.priority, v.attempt, v.max_attempts, v.run_at, v.created_at, v.started_at, v.finished_at,
      v.worker, v.reply, v.error, v.reason, v.headers, v.unique_key
    from jobmachine._pending_job v where v.ticket_queue = v_ticket.queue and v.rank = v_ticket.rank and v.id = status.job_id;
  else
    return query select j.* from jobmachine.jobs j where j.id = status.job_id and j.state <> 'pending';
  end if;
end
$$;
comment on function jobmachine.status(bigint) is
'Returns the row of the view jobs for one job; no row: unknown, or removed after its retention. Example: select state, attempt from jobmachine.status(42)';
