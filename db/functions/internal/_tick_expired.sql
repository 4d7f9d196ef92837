-- Fails what had to start by a certain time and has not.
create or replace function jobmachine._tick_expired()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_ids bigint[];
begin
  with expired as (
    delete from jobmachine.pending p
    using (select p.job_id from jobmachine.pending p where p.expires_at <= v_now and p.expires_at is not null limit 500 for update skip locked) e
    where p.job_id = e.job_id
    returning p.job_id, p.attempt, p.queue
  ), expired_later as (
    delete from jobmachine.scheduled s
    using (select s.job_id from jobmachine.scheduled s where s.expires_at <= v_now and s.expires_at is not null limit 500 for update skip locked) e
    where s.job_id = e.job_id
    returning s.job_id, s.attempt, s.queue
  ), over as (
    insert into jobmachine.finished (job_id, finished_at, attempt, state, queue, reason, error)
    select e.job_id, v_now, e.attempt, 'failed', e.queue, 'expired', 'not started in time'
    from (select * from expired union all select * from expired_later) e
    returning job_id
  )
  select array_agg(o.job_id) into v_ids from over o;
  if v_ids is not null then
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
