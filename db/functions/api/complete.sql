-- The job is done; the reply is its last answer.
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
begin
  if complete.job_id is null or complete.receipt is null or jobmachine._suspicious(complete.reply) then
    perform jobmachine._check_run(complete.job_id, complete.receipt);
    perform jobmachine._check_json('reply', complete.reply);
  end if;
  return jobmachine._complete_one(complete.job_id, complete.receipt, complete.reply);
end
$$;
comment on function jobmachine.complete(bigint, bigint, jsonb) is
'Finishes a claimed job with its last answer (up to 1 MB, null for none). Returns ok; already: this receipt did it before; stale: the job has moved on, nothing changed; unknown: no such job.
In a transaction it commits together with the handler''s own rows. Errors: JM001, JM002 reply too large.
Example: select jobmachine.complete(42, 8412393122, ''{"sent": true}'')';
