-- Who waits for an answer sleeps on one of 64 bells, by the job's id. Whoever puts jobs among the finished calls this: a
-- trigger on finished would copy every row for it. A batch has answers on many bells, and mostly nobody waits at all; whoever
-- waits for any answer sleeps on the wide bell of answers, reply*, too.
create or replace function jobmachine._ring_waiters(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  if cardinality(_ring_waiters.job_ids) > 8 and not jobmachine._sleeps_itself()
    and not jobmachine._may_sleep(jobmachine._lock_class('reply'), jobmachine._key_a('reply*'))
  then
    return;
  end if;
  perform pg_notify(jobmachine._channel(b.bell), '')
  from (select distinct 'reply' || (i.job_id & 63) || '*' as bell from (select unnest(_ring_waiters.job_ids)) i (job_id)) b
  where jobmachine._asleep(b.bell, 'reply');
end
$$;
revoke all on function jobmachine._ring_waiters(bigint[]) from public;
comment on function jobmachine._ring_waiters(bigint[]) is 'Wakes those who wait for answers of these jobs.';
