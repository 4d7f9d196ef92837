-- What _forget does to jobs that have no key and no ticket any more.
create or replace function jobmachine._erase(job_ids bigint[])
returns void
language plpgsql
as $$
declare
  v_low bigint;
  v_high bigint;
  v_dense boolean;
begin
  select min(i.job_id), max(i.job_id), count(*) > 1 and jobmachine._dense(min(i.job_id), max(i.job_id), count(*))
  into v_low, v_high, v_dense
  from (select unnest(_erase.job_ids)) i (job_id);
  -- Few jobs have any, and one look is less than one for each job.
  if exists (select from jobmachine.reply r where r.job_id between v_low and v_high) then
    delete from jobmachine.reply r where r.job_id = any (_erase.job_ids);
  end if;
  if exists (select from jobmachine.failed_attempt f where f.job_id between v_low and v_high) then
    delete from jobmachine.failed_attempt f where f.job_id = any (_erase.job_ids);
  end if;
  if v_dense then
    delete from jobmachine.job j
    using (select unnest(_erase.job_ids)) i (job_id)
    where j.id between v_low and v_high and j.id = i.job_id;
  else
    delete from jobmachine.job j where j.id = any (_erase.job_ids) and j.id between v_low and v_high; -- spares the other partitions
  end if;
end
$$;
revoke all on function jobmachine._erase(bigint[]) from public;
comment on function jobmachine._erase(bigint[]) is 'Removes jobs with their replies and failed attempts.';
