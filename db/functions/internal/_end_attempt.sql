-- Ends runs that did not complete. outcome: fail, discard, snooze, release or cancel from the worker that shows the
-- receipt; timeout or crash from tick, which takes the job away: then the receipt is not noted as used.
-- Where the ticket goes, _next_state decides.
create or replace function jobmachine._end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[])
returns text[]
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_done integer[];
  v_cancelled integer[];
  v_over bigint[];
  v_long bigint[];
begin
  with ended as materialized (
    delete from jobmachine.running r
    using (
      select distinct on (i.job_id, i.receipt) i.*
      from unnest(_end_attempt.job_ids, _end_attempt.receipts, _end_attempt.outcomes, _end_attempt.errors, _end_attempt.details, _end_attempt.delays)
        with ordinality i (job_id, receipt, outcome, error, detail, delay, n)
      order by i.job_id, i.receipt, i.n -- of a job that is named twice, the first
    ) i
    where r.job_id = any (_end_attempt.job_ids) and r.job_id = i.job_id and r.receipt = i.receipt
    returning i.n::integer as n, i.outcome, left(i.error, 16384) as error, i.detail, i.delay, r.*
  ), judged as materialized (
    select e.*, j.priority,
      e.outcome in ('timeout', 'crash') as taken,
      c.counted,
      case e.outcome when 'timeout' then 'timeout' when 'crash' then 'crashed' when 'fail' then 'failed' when 'discard' then 'failed' end as reason,
      (select l.worker from jobmachine.lease l where l.id = e.lease_id) as worker,
      jobmachine._next_state(e.outcome, e.cancel_requested_at is not null, e.attempt >= coalesce(j.max_attempts, s.max_attempts), e.delay,
        exists (select from jobmachine.failed_attempt f where f.job_id = e.job_id and f.reason = 'crashed')) as state,
      v_now + coalesce(e.delay, jobmachine._backoff(e.attempt, s.backoff, s.backoff_factor, s.backoff_max)) as due_at
    from ended e
    cross join lateral (select j.* from jobmachine.job j where j.id = e.job_id limit 1) j -- the limit keeps job on the inside
    cross join lateral jobmachine._setting(e.queue) s
    cross join lateral (select e.attempt - (e.outcome in ('snooze', 'release'))::integer as counted) c
  ), history as (
    insert into jobmachine.failed_attempt (job_id, attempt, receipt, started_at, ended_at, worker, reason, error, detail)
    select g.job_id, g.attempt, g.receipt, g.started_at, v_now, g.worker, g.reason, coalesce(g.error, ''), g.detail
    from judged g where g.reason is not null
  ), again as (
    insert into jobmachine.pending (job_id, rank, attempt, queue, receipt, rings)
    select g.job_id, jobmachine._rank(g.priority, nextval('jobmachine.position')), g.counted, g.queue, case when not g.taken then g.receipt end,
      row_number() over (partition by g.queue) = 1
    from judged g where g.state = 'pending'
  ), later as (
    insert into jobmachine.scheduled (job_id, due_at, priority, attempt, queue, receipt)
    select g.job_id, g.due_at, g.priority, g.counted, g.queue, case when not g.taken then g.receipt end
    from judged g where g.state = 'scheduled'
  ), over as (
    insert into jobmachine.finished (job_id, started_at, finished_at, receipt, attempt, state, queue, worker, reason, error)
    select g.job_id, g.started_at, v_now, case when not g.taken then g.receipt end, g.attempt, g.state, g.queue, g.worker,
      case when g.state = 'failed' then g.reason
        when g.cancel_requested_at is not null then coalesce(g.cancel_reason, 'cancelled')
        else coalesce(nullif(g.error, ''), 'cancelled') end,
      case when g.state = 'failed' then coalesce(g.error, '') end
    from judged g where g.state in ('failed', 'cancelled')
  )
  select array_agg(g.n), array_agg(g.n) filter (where g.cancel_requested_at is not null),
    array_agg(g.job_id) filter (where g.state in ('failed', 'cancelled')), array_agg(g.job_id) filter (where g.attempt > 20)
  into v_done, v_cancelled, v_over, v_long
  from judged g;

  if v_over is not null then
    perform jobmachine._after_end(v_over);
    perform jobmachine._forget_at_once(v_over);
  end if;
  delete from jobmachine.failed_attempt f
  where f.job_id = any (v_long) and f.attempt <= (select max(last.attempt) - 20 from jobmachine.failed_attempt last where last.job_id = f.job_id);

  return jobmachine._verdicts(_end_attempt.job_ids, _end_attempt.receipts, v_done, v_cancelled);
end
$$;
revoke all on function jobmachine._end_attempt(bigint[], bigint[], text[], text[], jsonb[], interval[]) from public;
comment on function jobmachine._end_attempt(bigint[], bigint[], text[], text[], jsonb[], interval[]) is 'Ends runs that did not complete; a verdict each.';
