-- One more chance for a job that is over, and no more waiting for one that is scheduled.
create or replace function jobmachine.retry(job_id bigint, run_at timestamptz default null)
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
  v_now constant timestamptz := jobmachine._now();
  v_run_at constant timestamptz := coalesce(retry.run_at, v_now);
  v_ticket record;
begin
  if not isfinite(v_run_at) or v_run_at > v_now + interval '100 years' then
    perform jobmachine._refuse('JM001', 'run_at is out of range', format('run_at is %s.', v_run_at), 'Give a time within the next 100 years; a past one means now.');
  end if;
  while exists (select from jobmachine.job j where j.id = retry.job_id) loop
    delete from jobmachine.finished f where f.job_id = retry.job_id returning f.attempt, null::bigint as receipt, null::timestamptz as expires_at into v_ticket;
    if found then
      if v_ticket.attempt >= 32000 then
        perform jobmachine._refuse('JM001', 'the job was tried too often', format('Job %s has had %s attempts.', retry.job_id, v_ticket.attempt), 'Send it anew.');
      end if;
      perform jobmachine._take_key_again(retry.job_id);
      perform jobmachine._put_back(retry.job_id, v_ticket.attempt, v_ticket.receipt, v_ticket.expires_at, v_run_at, v_now);
      return 'ok';
    end if;
    delete from jobmachine.scheduled s where s.job_id = retry.job_id returning s.attempt, s.receipt, s.expires_at into v_ticket;
    if found then
      perform jobmachine._put_back(retry.job_id, v_ticket.attempt, v_ticket.receipt, v_ticket.expires_at, v_run_at, v_now);
      return 'ok';
    end if;
    if jobmachine._pending_place(retry.job_id) is not null
      or exists (select from jobmachine.running r where r.job_id = retry.job_id)
    then
      return 'live';
    end if;
  end loop;
  return 'unknown';
end
$$;
comment on function jobmachine.retry(bigint, timestamptz) is
'Makes a job that is over pending again, now or at run_at; attempts go on counting, and one more is granted if they are used up. A scheduled job is moved to that time.
Returns ok; live: it is pending or running already; unknown. Errors: JM001, JM003 if another job has its unique key (detail: its id).
Example: select jobmachine.retry(42)';
