-- Jobs of a queue that keeps nothing end without a trace: they were running, the caller has deleted that, and they have no key.
-- Who waits for an answer is woken, to learn that there is none.
create or replace function jobmachine._forget_running(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  perform jobmachine._erase(_forget_running.job_ids);
  perform jobmachine._ring('reply' || b.bucket || '*', 'reply')
  from (select distinct i.job_id & 63 as bucket from unnest(_forget_running.job_ids) i (job_id)) b
  where jobmachine._somebody_may_wait(b.bucket);
end
$$;
revoke all on function jobmachine._forget_running(bigint[]) from public;
comment on function jobmachine._forget_running(bigint[]) is 'Removes jobs that were running and leave nothing.';
