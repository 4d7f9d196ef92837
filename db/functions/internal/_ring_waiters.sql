-- Who waits for an answer sleeps on one of 64 bells, by the job's id. Whoever puts jobs among the finished calls this: a
-- trigger on finished would copy every row for it.
create or replace function jobmachine._ring_waiters(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  perform jobmachine._ring('reply' || b.bucket || '*', 'reply')
  from (select distinct i.job_id & 63 as bucket from (select unnest(_ring_waiters.job_ids)) i (job_id)) b
  -- A batch has answers on every bell; mostly nobody sleeps there.
  where jobmachine._somebody_may_wait(b.bucket);
end
$$;
revoke all on function jobmachine._ring_waiters(bigint[]) from public;
comment on function jobmachine._ring_waiters(bigint[]) is 'Wakes those who wait for answers of these jobs.';
