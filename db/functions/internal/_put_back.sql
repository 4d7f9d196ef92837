-- A new ticket for a job, at once or later.
create or replace function jobmachine._put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamptz, run_at timestamptz, now timestamptz)
returns void
language plpgsql
as $$
begin
  if _put_back.run_at > _put_back.now then
    insert into jobmachine.scheduled (job_id, due_at, priority, attempt, queue, receipt, expires_at)
    select j.id, _put_back.run_at, j.priority, _put_back.attempt, j.queue, _put_back.receipt, _put_back.expires_at from jobmachine.job j where j.id = _put_back.job_id;
  else
    insert into jobmachine.pending (job_id, rank, attempt, queue, receipt, expires_at)
    select j.id, jobmachine._rank(j.priority, nextval('jobmachine.position')), _put_back.attempt, j.queue, _put_back.receipt, _put_back.expires_at from jobmachine.job j where j.id = _put_back.job_id;
  end if;
end
$$;
revoke all on function jobmachine._put_back(bigint, smallint, bigint, timestamptz, timestamptz, timestamptz) from public;
comment on function jobmachine._put_back(bigint, smallint, bigint, timestamptz, timestamptz, timestamptz) is 'Gives a job a new ticket.';
