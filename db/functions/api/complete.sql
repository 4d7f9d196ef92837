-- The job is done; the reply is its last answer. What _complete does, for one run: statements of one row each, in a third of the time.
create or replace function jobmachine.complete(job_id bigint, receipt bigint, reply jsonb default null)
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
  v_bell constant text := 'reply' || (complete.job_id & 63) || '*';
  v_run jobmachine.running;
begin
  if complete.job_id is null or complete.receipt is null or jobmachine._suspicious(complete.reply) then
    perform jobmachine._check_run(complete.job_id, complete.receipt);
    perform jobmachine._check_json('reply', complete.reply);
  end if;
  delete from jobmachine.running r where r.job_id = complete.job_id and r.receipt = complete.receipt returning r.* into v_run;
  if not found then
    return jobmachine._verdict(complete.job_id, complete.receipt);
  end if;
  if jobmachine._asleep(v_bell, 'reply') then
    perform pg_notify(jobmachine._channel(v_bell), '');
  end if;
  insert into jobmachine.finished (job_id, started_at, finished_at, receipt, attempt, queue, worker, result)
  select v_run.job_id, v_run.started_at, jobmachine._now(), v_run.receipt, v_run.attempt, v_run.queue,
    (select l.worker from jobmachine.lease l where l.id = v_run.lease_id), complete.reply
  where not exists (select from jobmachine.queue q where q.retention = '0') or not jobmachine._keeps_nothing(v_run.queue)
    or v_run.unique_key is not null or v_run.reply_to is not null;
  if not found then
    perform jobmachine._erase(array[v_run.job_id]);
    return 'ok';
  end if;
  if v_run.unique_key is not null or v_run.reply_to is not null then
    perform jobmachine._after_end(array[v_run.job_id]);
    perform jobmachine._forget_at_once(array[v_run.job_id]);
  end if;
  return 'ok';
end
$$;
comment on function jobmachine.complete(bigint, bigint, jsonb) is
'Finishes a claimed job with its last answer (up to 1 MB, null for none). Returns ok; already: this receipt did it before; stale: the job has moved on, nothing changed; unknown: no such job.
In a transaction it commits together with the handler''s own rows. Errors: JM001, JM002 reply too large.
Example: select jobmachine.complete(42, 8412393122, ''{"sent": true}'')';
