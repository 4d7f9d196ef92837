-- Of these jobs, removes those that are finished and whose queue keeps nothing (retention 0).
create or replace function jobmachine._forget_at_once(job_ids bigint[])
returns void
language plpgsql
as $$
declare
  v_gone bigint[];
begin
  select array_agg(f.job_id) into v_gone
  from jobmachine.finished f
  left join jobmachine.queue q on q.name = f.queue
  left join jobmachine.queue d on d.name = '*'
  where f.job_id = any (_forget_at_once.job_ids) and coalesce(q.retention, d.retention) = '0';
  if v_gone is not null then
    perform jobmachine._forget_finished(v_gone);
  end if;
end
$$;
revoke all on function jobmachine._forget_at_once(bigint[]) from public;
comment on function jobmachine._forget_at_once(bigint[]) is 'Removes finished jobs of queues with retention 0.';
