-- Not now: again later, without an attempt counted.
create or replace function jobmachine.snooze(job_id bigint, receipt bigint, delay interval)
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
  perform jobmachine._check_run(snooze.job_id, snooze.receipt);
  if snooze.delay is null then
    perform jobmachine._refuse('JM001', 'delay is missing', 'delay is null.', 'Give an interval, or use release.');
  end if;
  perform jobmachine._check_interval('delay', snooze.delay, '0');
  return jobmachine._end_one(snooze.job_id, snooze.receipt, 'snooze', null, null, snooze.delay);
end
$$;
comment on function jobmachine.snooze(bigint, bigint, interval) is
'Puts a claimed job back for later; the attempt is not counted. Returns ok, already, stale, cancelled or unknown. Errors: JM001.
Example: select jobmachine.snooze(42, 8412393122, ''15 min'')';
