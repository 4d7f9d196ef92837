-- The attempt failed.
create or replace function jobmachine.fail(job_id bigint, receipt bigint, error text, detail jsonb default null, retry_in interval default null, permanent boolean default false)
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
  perform jobmachine._check_run(fail.job_id, fail.receipt);
  perform jobmachine._check_json('detail', fail.detail);
  perform jobmachine._check_interval('retry_in', fail.retry_in, '0');
  return jobmachine._end_one(fail.job_id, fail.receipt, case when fail.permanent then 'discard' else 'fail' end, fail.error, fail.detail, fail.retry_in);
end
$$;
comment on function jobmachine.fail(bigint, bigint, text, jsonb, interval, boolean) is
'Ends an attempt as failed. The job is tried again after the backoff of its queue, or after retry_in (0 = at once), until max_attempts are used up; permanent: never again.
error: what happened; 16 kB are kept. detail: more of it. Returns ok, already, stale, cancelled (a cancel was asked for: the job is cancelled) or unknown. Errors: JM001, JM002.
Example: select jobmachine.fail(42, 8412393122, ''SMTP 451'', retry_in => ''10 min'')';
