-- Fails what had to start by a certain time and has not.
create or replace function jobmachine._tick_expired()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_pending tid[];
  v_scheduled tid[];
  v_ids bigint[];
begin
  select array_agg(e.ctid) into v_pending
  from (select p.ctid from jobmachine.pending p where p.expires_at <= v_now and p.expires_at is not null limit 500 for update skip locked) e;
  select array_agg(e.ctid) into v_scheduled
  from (select s.ctid from jobmachine.scheduled s where s.expires_at <= v_now and s.expires_at is not null limit 500 for update skip locked) e;
  if v_pending is not null or v_scheduled is not null then
    with from_pending as (
      delete from jobmachine.pending p where p.ctid = any (v_pending) returning p.job_id, p.attempt, p.queue
    ), from_scheduled as (
      delete from jobmachine.scheduled s where s.ctid = any (v_scheduled) returning s.job_id, s.attempt, s.queue
    ), over as (
      insert into jobmachine.finished (job_id, finished_at, attempt, state, queue, reason, error)
      select e.job_id, v_now, e.attempt, 'failed', e.queue, 'expired', 'not started in time'
      from (select * from from_pending union all select * from from_scheduled) e
      returning job_id
    )
    select array_agg(o.job_id) into v_ids from over o;
    perform jobmachine._after_end(v_ids);
    perform jobmachine._forget_at_once(v_ids);
  end if;
  return extract(epoch from least(
    (select min(p.expires_at) from jobmachine.pending p where p.expires_at is not null),
    (select min(s.expires_at) from jobmachine.scheduled s where s.expires_at is not null)) - jobmachine._now())::double precision;
end
$$;
revoke all on function jobmachine._tick_expired() from public;
comment on function jobmachine._tick_expired() is 'Fails tickets whose expires_at has passed; seconds until the next.';
