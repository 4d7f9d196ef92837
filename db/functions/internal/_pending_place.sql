-- Where the pending ticket of a job is. Its first ticket has the job's number as its position, so the primary key finds it;
-- one that came back, or was scheduled, is in an index of its own. The limit keeps pending on the inside: if it was empty when it
-- was last analyzed the planner would read all of it.
create or replace function jobmachine._pending_place(job_id bigint)
returns tid
language sql stable
as $$
  select p.ctid
  from jobmachine.job j
  cross join lateral (select p.ctid from jobmachine.pending p where p.queue = j.queue and p.rank = jobmachine._rank(j.priority, j.id) limit 1) p
  where j.id = _pending_place.job_id
  union all
  select p.ctid from jobmachine.pending p where p.job_id = _pending_place.job_id and jobmachine._position(p.rank) <> p.job_id
$$;
revoke all on function jobmachine._pending_place(bigint) from public;
comment on function jobmachine._pending_place(bigint) is 'Where the pending ticket of a job is; null: it is not pending.';
