-- The public read side. Rows that functions return are rows of these views.

-- What jobs says of a pending job, and the key of its ticket: status looks for that first.
create view jobmachine._pending_job as
select
  p.queue as ticket_queue, p.rank,
  j.id, j.queue, 'pending'::text as state, j.payload, j.priority::integer as priority, p.attempt::integer as attempt,
  coalesce(j.max_attempts, q.max_attempts, d.max_attempts, 25)::integer as max_attempts,
  null::timestamptz as run_at, j.created_at, null::timestamptz as started_at, null::timestamptz as finished_at, null::text as worker, null::jsonb as reply,
  (select f.error from jobmachine.failed_attempt f where f.job_id = j.id order by f.attempt desc limit 1) as error,
  (select f.reason from jobmachine.failed_attempt f where f.job_id = j.id order by f.attempt desc limit 1) as reason,
  coalesce(j.headers, '{}'::jsonb) as headers, j.unique_key
from jobmachine.pending p
join jobmachine.job j on j.id = p.job_id
left join jobmachine.queue q on q.name = j.queue
left join jobmachine.queue d on d.name = '*';
comment on view jobmachine._pending_job is 'Pending jobs with their tickets.';

-- One branch a room, read in one statement: in one snapshot a ticket is in exactly one room.
create view jobmachine.jobs as
select
  j.id, j.queue, 'running'::text as state, j.payload, j.priority::integer as priority, r.attempt::integer as attempt,
  coalesce(j.max_attempts, q.max_attempts, d.max_attempts, 25)::integer as max_attempts,
  null::timestamptz as run_at, j.created_at, r.started_at, null::timestamptz as finished_at,
  l.worker, null::jsonb as reply, null::text as error,
  (case when r.cancel_requested_at is not null then 'stopping' end)::text as reason,
  coalesce(j.headers, '{}'::jsonb) as headers, j.unique_key
from jobmachine.running r
join jobmachine.job j on j.id = r.job_id
left join jobmachine.lease l on l.id = r.lease_id
left join jobmachine.queue q on q.name = j.queue
left join jobmachine.queue d on d.name = '*'
union all
select v.id, v.queue, v.state, v.payload, v.priority, v.attempt, v.max_attempts, v.run_at, v.created_at, v.started_at, v.finished_at,
  v.worker, v.reply, v.error, v.reason, v.headers, v.unique_key
from jobmachine._pending_job v
where v.ticket_queue = v.queue and v.rank = v.priority::bigint << 59 | v.id -- its first ticket, which the primary key finds
union all
select v.id, v.queue, v.state, v.payload, v.priority, v.attempt, v.max_attempts, v.run_at, v.created_at, v.started_at, v.finished_at,
  v.worker, v.reply, v.error, v.reason, v.headers, v.unique_key
from jobmachine._pending_job v
where v.rank & 576460752303423487 <> v.id -- it came back, or was scheduled
union all
select
  j.id, j.queue, 'scheduled'::text, j.payload, j.priority::integer, s.attempt::integer,
  coalesce(j.max_attempts, q.max_attempts, d.max_attempts, 25)::integer,
  s.due_at, j.created_at, null::timestamptz, null::timestamptz, null::text, null::jsonb,
  (select f.error from jobmachine.failed_attempt f where f.job_id = j.id order by f.attempt desc limit 1),
  (select f.reason from jobmachine.failed_attempt f where f.job_id = j.id order by f.attempt desc limit 1),
  coalesce(j.headers, '{}'::jsonb), j.unique_key
from jobmachine.scheduled s
join jobmachine.job j on j.id = s.job_id
left join jobmachine.queue q on q.name = j.queue
left join jobmachine.queue d on d.name = '*'
union all
select
  j.id, j.queue, coalesce(f.state, 'completed'), j.payload, j.priority::integer, f.attempt::integer,
  coalesce(j.max_attempts, q.max_attempts, d.max_attempts, 25)::integer,
  null::timestamptz, j.created_at, f.started_at, f.finished_at, f.worker, f.result, f.error, f.reason,
  coalesce(j.headers, '{}'::jsonb), j.unique_key
from jobmachine.finished f
join jobmachine.job j on j.id = f.job_id
left join jobmachine.queue q on q.name = j.queue
left join jobmachine.queue d on d.name = '*';
comment on view jobmachine.jobs is 'Every job and where it is. Insert (queue, payload, ...) here is the same as send.';
comment on column jobmachine.jobs.state is 'running, pending, scheduled, completed, failed or cancelled.';
comment on column jobmachine.jobs.attempt is 'Attempts counted so far; of a running job the number of this one.';
comment on column jobmachine.jobs.run_at is 'When a scheduled job is due.';
comment on column jobmachine.jobs.reply is 'The last answer of a job that is over.';
comment on column jobmachine.jobs.error is 'The error of a failed job, or of the last failed attempt.';
comment on column jobmachine.jobs.reason is 'failed, timeout, crashed, expired, or why it was cancelled; stopping: running, but asked to stop.';

create view jobmachine.claimed_job as
select
  r.job_id as id, r.receipt, j.queue, j.payload, coalesce(j.headers, '{}'::jsonb) as headers, r.attempt::integer as attempt,
  coalesce(j.max_attempts, q.max_attempts, d.max_attempts, 25)::integer as max_attempts,
  j.created_at, r.deadline_at, r.lease_id, j.reply_to
from jobmachine.running r
join jobmachine.job j on j.id = r.job_id
left join jobmachine.queue q on q.name = j.queue
left join jobmachine.queue d on d.name = '*';
comment on view jobmachine.claimed_job is 'Jobs that are running, as claim hands them out.';
comment on column jobmachine.claimed_job.receipt is 'To be shown with complete, fail, snooze, release and reply.';
comment on column jobmachine.claimed_job.deadline_at is 'The attempt is failed at this time; null = no limit.';

create view jobmachine.answers as
select r.job_id, r.seq, 'running'::text as state, r.payload as payload, null::text as error, r.created_at
from jobmachine.reply r
union all
select
  f.job_id, coalesce((select max(r.seq) from jobmachine.reply r where r.job_id = f.job_id), 0) + 1,
  coalesce(f.state, 'completed'), f.result, coalesce(f.error, f.reason), f.finished_at
from jobmachine.finished f;
comment on view jobmachine.answers is 'Answers to jobs: interim ones, and the last one of every job that is over.';
comment on column jobmachine.answers.state is 'running: an interim answer; completed, failed, cancelled: the last one.';

create view jobmachine.attempts as
select f.job_id, f.attempt::integer as attempt, f.started_at, f.ended_at, f.worker, f.reason, f.error, f.detail
from jobmachine.failed_attempt f;
comment on view jobmachine.attempts is 'Attempts that failed or were lost; the last 20 of a job.';

create view jobmachine.stop_request as
select r.job_id, 'cancelled'::text as reason
from jobmachine.running r
where r.cancel_requested_at is not null;
comment on view jobmachine.stop_request is 'Running jobs that are asked to stop; the row that renew answers.';
comment on column jobmachine.stop_request.reason is 'cancelled, timeout or stale.';

create view jobmachine.workers as
select
  l.id as lease_id, l.worker, l.queues, (select count(*) from jobmachine.running r where r.lease_id = l.id) as running,
  l.started_at, l.renewed_at, l.expires_at, l.held_at
from jobmachine.lease l;
comment on view jobmachine.workers is 'Leases: who works, and on how many jobs.';

-- Names come from skip scans and counts stop at 10,000: the view stays quick with millions waiting.
create view jobmachine.queues as
with recursive pending_name as (
  (select p.queue as name from jobmachine.pending p order by p.queue limit 1)
  union all
  select (select p.queue from jobmachine.pending p where p.queue > n.name order by p.queue limit 1) from pending_name n where n.name is not null
), scheduled_name as (
  (select s.queue as name from jobmachine.scheduled s order by s.queue limit 1)
  union all
  select (select s.queue from jobmachine.scheduled s where s.queue > n.name order by s.queue limit 1) from scheduled_name n where n.name is not null
), finished_name as (
  (select f.queue as name from jobmachine.finished f where f.state is not null order by f.queue limit 1)
  union all
  select (select f.queue from jobmachine.finished f where f.state is not null and f.queue > n.name order by f.queue limit 1) from finished_name n where n.name is not null
), running_name as (
  select r.queue as name, count(*) as running from jobmachine.running r group by r.queue
), name as (
  select q.name from jobmachine.queue q
  union select n.name from pending_name n where n.name is not null
  union select n.name from scheduled_name n where n.name is not null
  union select n.name from finished_name n where n.name is not null
  union select n.name from running_name n
)
select
  n.name,
  case when q.paused_at is not null or d.paused_at is not null then 'paused'::text else 'active'::text end as state,
  (case when p.count < 10000 then p.count
    else greatest(p.count, (select 100 * count(*) from jobmachine.pending t tablesample system (1) where t.queue = n.name)) end)::bigint as pending,
  coalesce(r.running, 0)::bigint as running,
  (case when s.count < 10000 then s.count
    else greatest(s.count, (select 100 * count(*) from jobmachine.scheduled t tablesample system (1) where t.queue = n.name)) end)::bigint as scheduled,
  (select count(*) from (select from jobmachine.finished f where f.queue = n.name and f.state is not null and f.state = 'failed' limit 10000) f) as failed,
  (select min(head.created_at)
    from generate_series(0, 9::bigint) lane (priority)
    cross join lateral (
      select j.created_at
      from (select t.job_id from jobmachine.pending t where t.queue = n.name and t.rank >= lane.priority << 59 and t.rank < (lane.priority + 1) << 59 order by t.rank limit 1) first
      join jobmachine.job j on j.id = first.job_id
    ) head) as oldest_pending_at,
  coalesce(q.max_attempts, d.max_attempts, 25)::integer as max_attempts,
  coalesce(q.backoff, d.backoff, '1 s'::interval) as backoff,
  coalesce(q.backoff_factor, d.backoff_factor, 2)::double precision as backoff_factor,
  coalesce(q.backoff_max, d.backoff_max, '1 h'::interval) as backoff_max,
  coalesce(q.timeout, d.timeout, '30 min'::interval) as timeout,
  coalesce(q.retention, d.retention, '30 days'::interval) as retention
from name n
left join jobmachine.queue q on q.name = n.name
left join jobmachine.queue d on d.name = '*'
left join running_name r on r.name = n.name
cross join lateral (select count(*) from (select from jobmachine.pending t where t.queue = n.name limit 10000) t) p
cross join lateral (select count(*) from (select from jobmachine.scheduled t where t.queue = n.name limit 10000) t) s;
comment on view jobmachine.queues is 'Queues that have settings or jobs. Counts are exact up to 10,000, estimated above; failed stops there.';
comment on column jobmachine.queues.state is 'active or paused.';
comment on column jobmachine.queues.oldest_pending_at is 'When the job that waits longest at the head of a priority was sent.';
