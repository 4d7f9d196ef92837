-- Moves locked tickets to running.
create or replace function jobmachine._start(tickets tid[], lease_id bigint, now timestamptz)
returns setof jobmachine.claimed_job
language plpgsql
set enable_mergejoin = on
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
  ), claimed as not materialized (
    select t.*, s.max_attempts as default_attempts, s.timeout as default_timeout from ticket t join setting s on s.name = t.queue
  ), stretch as materialized (
    select min(t.job_id) as first, max(t.job_id) as last,
      jobmachine._dense(min(t.job_id), max(t.job_id), count(*)) and max(t.rank - t.job_id) = min(t.rank - t.job_id) as is_dense
    from ticket t
  ), found as (
    ( select t.*, j.payload, j.headers, j.max_attempts, j.timeout, j.created_at, j.reply_to, j.unique_key
      from claimed t
      join (
        select j.* from jobmachine.job j
        where j.id between (select s.first from stretch s) and (select s.last from stretch s)
        order by j.id
      ) j on j.id = t.job_id
      where (select s.is_dense from stretch s)
      order by t.job_id )
    union all
    ( select t.*, j.payload, j.headers, j.max_attempts, j.timeout, j.created_at, j.reply_to, j.unique_key
      from (select t.* from claimed t order by t.rank) t -- here, where the rows are short
      cross join lateral (select j.* from jobmachine.job j where j.id = t.job_id limit 1) j -- the limit keeps job on the inside
      where not (select s.is_dense from stretch s) )
  ), started as materialized ( -- which keeps the order
    select f.job_id, jobmachine._receipt(f.rank, v_salt) as receipt, f.queue, f.payload, f.headers,
      (f.attempt + 1)::integer as attempt, coalesce(f.max_attempts, f.default_attempts)::integer as max_attempts, f.created_at,
      case when coalesce(f.timeout, f.default_timeout) > '0' then _start.now + coalesce(f.timeout, f.default_timeout) end as deadline_at,
      f.reply_to, f.unique_key
    from found f
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
