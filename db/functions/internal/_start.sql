-- Moves locked tickets to running.
create or replace function jobmachine._start(tickets tid[], lease_id bigint, now timestamptz)
returns setof jobmachine.claimed_job
language plpgsql
as $$
declare
  v_salt constant bigint := jobmachine._salt(_start.lease_id, _start.now);
begin
  return query
  with ticket as materialized (
    delete from jobmachine.pending p where p.ctid = any (_start.tickets)
    returning p.job_id, p.rank, p.attempt, p.queue
  ), setting as materialized (
    select s.* from (select distinct t.queue from ticket t) q cross join lateral jobmachine._setting(q.queue) s
  ), started as materialized (
    select t.job_id, jobmachine._receipt(t.rank, v_salt) as receipt, t.queue, j.payload, j.headers,
      (t.attempt + 1)::integer as attempt, coalesce(j.max_attempts, t.default_attempts)::integer as max_attempts, j.created_at,
      case when coalesce(j.timeout, t.default_timeout) > '0' then _start.now + coalesce(j.timeout, t.default_timeout) end as deadline_at,
      j.reply_to, j.unique_key
    from (
      select t.*, s.max_attempts as default_attempts, s.timeout as default_timeout
      from ticket t join setting s on s.name = t.queue
      order by t.rank -- here, where the rows are short; what reads a materialized CTE keeps its order
    ) t
    cross join lateral (select j.* from jobmachine.job j where j.id = t.job_id limit 1) j -- the limit keeps job on the inside
  ), run as (
    insert into jobmachine.running (job_id, lease_id, receipt, started_at, deadline_at, attempt, queue, unique_key, reply_to)
    select s.job_id, _start.lease_id, s.receipt, _start.now, s.deadline_at, s.attempt, s.queue, s.unique_key, s.reply_to
    from started s
  )
  select s.job_id, s.receipt, s.queue, s.payload, coalesce(s.headers, '{}'), s.attempt, s.max_attempts, s.created_at, s.deadline_at, _start.lease_id, s.reply_to
  from started s
  -- A claim that is lost in a crash is tried again; a job with one attempt must not be, so its claim is durable.
  where s.max_attempts > 1 or current_setting('synchronous_commit') <> 'off' or set_config('synchronous_commit', 'on', true) is not null;
end
$$;
revoke all on function jobmachine._start(tid[], bigint, timestamptz) from public;
comment on function jobmachine._start(tid[], bigint, timestamptz) is 'Moves locked tickets to running and returns the jobs in start order.';
