-- Of these jobs, removes those that are finished at this moment. One that somebody else has locked is about to be
-- finished no more (a retry), or is being removed.
create or replace function jobmachine._forget_finished(job_ids bigint[])
returns void
language plpgsql
as $$
declare
  v_gone bigint[];
begin
  select array_agg(f.job_id) into v_gone
  from (select f.job_id from jobmachine.finished f where f.job_id = any (_forget_finished.job_ids) order by f.job_id for update skip locked) f;
  if v_gone is not null then
    perform jobmachine._forget(v_gone);
  end if;
end
$$;
revoke all on function jobmachine._forget_finished(bigint[]) from public;
comment on function jobmachine._forget_finished(bigint[]) is 'Removes those of the jobs that are finished.';
