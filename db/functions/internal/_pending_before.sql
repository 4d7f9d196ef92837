-- Jobs below a bound that are pending. First tickets have their job's number as their position: they are at the begin of each
-- lane. Low-water marks are left aside: who drops segments trusts in nothing.
create or replace function jobmachine._pending_before(upper bigint)
returns setof bigint
language sql stable
as $$
  with recursive queue as (
    (select p.queue as name from jobmachine.pending p order by p.queue limit 1)
    union all
    select (select p.queue from jobmachine.pending p where p.queue > q.name order by p.queue limit 1) from queue q where q.name is not null
  )
  select p.job_id
  from queue q
  cross join generate_series(0, 9) lane (priority)
  join jobmachine.pending p on p.queue = q.name and p.rank >= jobmachine._rank(lane.priority, 0) and p.rank < jobmachine._rank(lane.priority, _pending_before.upper)
    and jobmachine._position(p.rank) = p.job_id
  union all
  select p.job_id from jobmachine.pending p where p.job_id < _pending_before.upper and jobmachine._position(p.rank) <> p.job_id
$$;
revoke all on function jobmachine._pending_before(bigint) from public;
comment on function jobmachine._pending_before(bigint) is 'Pending jobs with numbers below a bound.';
