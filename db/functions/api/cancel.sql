-- Cancels a job wherever it is. The rooms are searched one statement at a time, each with a fresh snapshot: a ticket
-- that moves meanwhile is found in the next round.
create or replace function jobmachine.cancel(job_id bigint, reason text default null)
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
  v_reason constant text := coalesce(nullif(left(cancel.reason, 1000), ''), 'cancelled');
  v_lease bigint;
begin
  while exists (select from jobmachine.job j where j.id = cancel.job_id) loop
    with gone as (
      delete from jobmachine.scheduled s where s.job_id = cancel.job_id returning s.attempt, s.queue
    )
    insert into jobmachine.finished (job_id, finished_at, attempt, state, queue, reason)
    select cancel.job_id, jobmachine._now(), g.attempt, 'cancelled', g.queue, v_reason from gone g;
    if not found then
      with gone as (
        delete from jobmachine.pending p where p.ctid = jobmachine._pending_place(cancel.job_id) returning p.attempt, p.queue
      )
      insert into jobmachine.finished (job_id, finished_at, attempt, state, queue, reason)
      select cancel.job_id, jobmachine._now(), g.attempt, 'cancelled', g.queue, v_reason from gone g;
    end if;
    if found then
      perform jobmachine._after_end(array[cancel.job_id]);
      perform jobmachine._forget_at_once(array[cancel.job_id]);
      return 'cancelled';
    end if;
    update jobmachine.running r
    set cancel_requested_at = coalesce(r.cancel_requested_at, jobmachine._now()), cancel_reason = coalesce(r.cancel_reason, v_reason)
    where r.job_id = cancel.job_id
    returning r.lease_id into v_lease;
    if found then
      -- Rare, so it always notifies; a worker that does not listen hears it from renew.
      perform pg_notify(jobmachine._channel('lease' || v_lease || '*'), '');
      return 'stopping';
    end if;
    if exists (select from jobmachine.finished f where f.job_id = cancel.job_id) then
      return 'finished';
    end if;
  end loop;
  return 'unknown';
end
$$;
comment on function jobmachine.cancel(bigint, text) is
'Cancels a job. Returns cancelled: it will not start; stopping: it is running and its worker is asked to stop (if it completes all the same, it is completed); finished: too late; unknown.
reason: kept with the job. Errors: none of its own. Example: select jobmachine.cancel(42, ''ordered twice'')';
