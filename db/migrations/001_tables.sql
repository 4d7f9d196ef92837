-- The rooms of the house. A job's data never changes after it is sent; its ticket moves from room
-- to room (scheduled, pending, running, finished) by one DELETE and one INSERT in one transaction,
-- and the room it is in is the job's state. docs/concepts.md tells the whole story.

create schema if not exists jobmachine;

-- Job ids and queue positions come from one sequence. cache 1 and no cycle: the low-water proof
-- rests on positions being handed out in order.
create sequence jobmachine.position as bigint cache 1 no cycle;
comment on sequence jobmachine.position is 'Job ids and positions in the queue: the order in which jobs start.';

-- What those who claim batches tell each other, beside their transactions: see _collect_batch.
create sequence jobmachine.batch_moment as bigint minvalue -9223372036854775808 cache 1 no cycle;
comment on sequence jobmachine.batch_moment is 'A hash of the queue and the second for which batch_end holds.';
create sequence jobmachine.batch_end as bigint cache 1 no cycle;
comment on sequence jobmachine.batch_end is 'The rank of the last ticket of a full batch.';

create table jobmachine.job (
  id bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  timeout interval,
  priority smallint not null,
  max_attempts smallint,
  queue text collate "C" not null,
  payload jsonb not null,
  unique_key text collate "C",
  reply_to text collate "C",
  headers jsonb,
  constraint job_pkey primary key (id)
) partition by range (id);
comment on table jobmachine.job is 'What was sent; never changes.';
comment on column jobmachine.job.id is 'The ticket number.';
comment on column jobmachine.job.created_at is 'When it was sent.';
comment on column jobmachine.job.expires_at is 'Not started by then: failed, reason expired.';
comment on column jobmachine.job.timeout is 'The longest one attempt may run; 0 = no limit; null = the setting of the queue.';
comment on column jobmachine.job.priority is '0 starts first, 9 last.';
comment on column jobmachine.job.max_attempts is 'Attempts before the job fails for good; null = the setting of the queue.';
comment on column jobmachine.job.queue is 'The queue, which is also the type of the job.';
comment on column jobmachine.job.payload is 'What the worker needs to know.';
comment on column jobmachine.job.unique_key is 'At most one unfinished job of the queue has this key.';
comment on column jobmachine.job.reply_to is 'The queue that gets a job when this one is over.';
comment on column jobmachine.job.headers is 'A flat object for the handler; null = {}.';

create table jobmachine.scheduled (
  job_id bigint not null,
  due_at timestamptz not null,
  priority smallint not null,
  attempt smallint not null,
  queue text collate "C" not null,
  receipt bigint,
  expires_at timestamptz,
  constraint scheduled_pkey primary key (job_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000, vacuum_truncate = off);
create index scheduled_due_at on jobmachine.scheduled (due_at);
create index scheduled_queue on jobmachine.scheduled (queue, due_at);
create index scheduled_expires_at on jobmachine.scheduled (expires_at) where expires_at is not null;
comment on table jobmachine.scheduled is 'Tickets that wait for a time: sent for later, snoozed, or waiting for the next attempt.';
comment on column jobmachine.scheduled.due_at is 'When the ticket moves to pending.';
comment on column jobmachine.scheduled.attempt is 'Attempts counted so far.';
comment on column jobmachine.scheduled.receipt is 'The receipt of the last run, if its holder put the job back.';
comment on column jobmachine.scheduled.expires_at is 'Not started by then: expired; null once it has started.';

create table jobmachine.pending (
  job_id bigint not null,
  rank bigint not null,
  attempt smallint not null,
  queue text collate "C" not null,
  receipt bigint,
  expires_at timestamptz,
  rings boolean not null default true,
  constraint pending_pkey primary key (queue, rank)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000, vacuum_truncate = off);
create unique index pending_again on jobmachine.pending (job_id) where rank & 576460752303423487 <> job_id;
create index pending_expires_at on jobmachine.pending (expires_at) where expires_at is not null;
comment on table jobmachine.pending is 'Tickets that may be claimed now.';
comment on column jobmachine.pending.rank is 'Start order within the queue: the priority in the high bits (rank >> 59), below it the position, drawn anew at every entry.';
comment on column jobmachine.pending.attempt is 'Attempts counted so far.';
comment on column jobmachine.pending.receipt is 'The receipt of the last run, if its holder put the job back.';
comment on column jobmachine.pending.expires_at is 'Not started by then: expired; null once it has started.';
comment on column jobmachine.pending.rings is 'Somebody may have to be woken for this ticket when it comes in; of many that come together one of each queue is enough.';

create table jobmachine.running (
  job_id bigint not null,
  lease_id bigint not null,
  receipt bigint not null,
  started_at timestamptz not null,
  deadline_at timestamptz,
  cancel_requested_at timestamptz,
  attempt smallint not null,
  queue text collate "C" not null,
  unique_key text collate "C",
  reply_to text collate "C",
  cancel_reason text,
  constraint running_pkey primary key (job_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000, vacuum_truncate = off);
-- Only short deadlines are worth 64 bytes of WAL per job; tick finds the others in its sweep of the table.
create index running_deadline_at on jobmachine.running (deadline_at) where deadline_at - started_at < '15 min'::interval;
comment on table jobmachine.running is 'Tickets that a worker holds.';
comment on column jobmachine.running.lease_id is 'The lease that keeps this run alive.';
comment on column jobmachine.running.receipt is 'Proof of this very run: the fence against a run that was given up.';
comment on column jobmachine.running.deadline_at is 'The attempt ends as failed, reason timeout, at this time.';
comment on column jobmachine.running.cancel_requested_at is 'When the worker was asked to stop.';
comment on column jobmachine.running.cancel_reason is 'The words of the one who cancelled.';
comment on column jobmachine.running.attempt is 'The number of this attempt, counted at the claim.';

create table jobmachine.finished (
  job_id bigint not null,
  started_at timestamptz,
  finished_at timestamptz not null,
  receipt bigint,
  attempt smallint not null,
  state text constraint finished_state check (state in ('failed', 'cancelled')),
  queue text collate "C" not null,
  worker text,
  result jsonb,
  reason text,
  error text,
  constraint finished_pkey primary key (job_id)
) partition by range (job_id);
create index finished_unsuccessful on jobmachine.finished (queue, finished_at) where state is not null;
comment on table jobmachine.finished is 'Tickets of jobs that are over, with the last answer.';
comment on column jobmachine.finished.state is 'failed or cancelled; null = completed, as most are: ten bytes less to write.';
comment on column jobmachine.finished.receipt is 'The receipt that finished the job; null if it was taken from its worker.';
comment on column jobmachine.finished.result is 'The last answer.';
comment on column jobmachine.finished.reason is 'Why it failed or was cancelled: failed, timeout, crashed, expired, or the words of the one who cancelled.';
comment on column jobmachine.finished.error is 'The text of the error.';

create table jobmachine.reply (
  job_id bigint not null,
  seq integer not null,
  created_at timestamptz not null,
  payload jsonb not null,
  constraint reply_pkey primary key (job_id, seq)
);
comment on table jobmachine.reply is 'Interim answers: progress, or a stream.';
comment on column jobmachine.reply.seq is 'Counts from 1 within the job.';

create table jobmachine.failed_attempt (
  job_id bigint not null,
  attempt smallint not null,
  receipt bigint not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  worker text,
  reason text not null,
  error text not null,
  detail jsonb,
  constraint failed_attempt_pkey primary key (job_id, attempt)
);
comment on table jobmachine.failed_attempt is 'Attempts that failed or were lost; the last 20 of a job.';
comment on column jobmachine.failed_attempt.reason is 'failed, timeout or crashed.';
comment on column jobmachine.failed_attempt.detail is 'What the worker added: a stack, a status code.';

create sequence jobmachine.lease_id as bigint cache 1 no cycle;
comment on sequence jobmachine.lease_id is 'Numbers the leases.';
create table jobmachine.lease (
  id bigint not null default nextval('jobmachine.lease_id'),
  worker text,
  queues text[] not null default '{}',
  ttl interval not null,
  started_at timestamptz not null,
  renewed_at timestamptz not null,
  expires_at timestamptz not null,
  held_at timestamptz,
  unseen_since timestamptz,
  of_claim boolean not null default false,
  constraint lease_pkey primary key (id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = off);
comment on table jobmachine.lease is 'A worker''s right to its running jobs. Without its lease a running job goes back.';
comment on column jobmachine.lease.worker is 'The name the worker gave itself.';
comment on column jobmachine.lease.held_at is 'Since then a session lock shows that the worker lives; null = the ttl alone decides.';
comment on column jobmachine.lease.of_claim is 'Opened by a claim without a lease; it ends with its last job.';
comment on column jobmachine.lease.unseen_since is 'Since then the session lock is missing.';

create table jobmachine.unique_key (
  queue text collate "C" not null,
  key text collate "C" not null,
  job_id bigint not null,
  until timestamptz,
  constraint unique_key_pkey primary key (queue, key)
);
create index unique_key_until on jobmachine.unique_key (until) where until is not null;
comment on table jobmachine.unique_key is 'Keys in force.';
comment on column jobmachine.unique_key.until is 'The key is free again then; null = when the job is over.';

create table jobmachine.low_water (
  queue text collate "C" not null,
  priority smallint not null,
  position bigint not null default 0,
  candidate bigint,
  used bigint not null default 0,
  constraint low_water_pkey primary key (queue, priority)
) with (fillfactor = 50);
comment on table jobmachine.low_water is 'Where claims of a queue and priority may start to look. A missing row means at the beginning.';
comment on column jobmachine.low_water.position is 'No ticket can appear below this any more.';
comment on column jobmachine.low_water.used is 'The last position drawn when the lane was seen in use.';
comment on column jobmachine.low_water.candidate is 'The next position, once every sender that was under way has ended.';

create table jobmachine.queue (
  name text collate "C" not null,
  paused_at timestamptz,
  max_attempts smallint,
  backoff interval,
  backoff_factor double precision,
  backoff_max interval,
  timeout interval,
  retention interval,
  constraint queue_pkey primary key (name)
);
comment on table jobmachine.queue is 'Settings of queues. A missing row or a null means the default; the row * holds the defaults of every queue.';
comment on column jobmachine.queue.paused_at is 'Nothing is claimed since then.';
comment on column jobmachine.queue.max_attempts is 'Attempts of a job; 25 by default.';
comment on column jobmachine.queue.backoff is 'The wait after the first failed attempt; 1 s by default.';
comment on column jobmachine.queue.backoff_factor is 'Each further wait is this much longer; 2 by default.';
comment on column jobmachine.queue.backoff_max is 'The longest wait; 1 h by default.';
comment on column jobmachine.queue.timeout is 'The longest one attempt may run; 30 min by default, 0 = no limit.';
comment on column jobmachine.queue.retention is 'How long finished jobs stay; 30 days by default, 0 = not at all.';

create table jobmachine.meta (
  singleton boolean not null default true constraint meta_singleton check (singleton),
  segment_size bigint not null default 50000000,
  ticked_at timestamptz not null default '-infinity',
  swept_at timestamptz not null default '-infinity',
  deadlines_swept_at timestamptz not null default '-infinity',
  orphans_until timestamptz not null default '-infinity',
  low_water_checked_at timestamptz not null default '-infinity',
  low_water_verified_at timestamptz not null default '-infinity',
  low_water_position bigint not null default 0,
  low_water_waiting_for text[],
  low_water_server_start timestamptz,
  segments_checked_at timestamptz not null default '-infinity',
  retired_at timestamptz not null default '-infinity',
  purged_at timestamptz not null default '-infinity',
  purge_cursor bigint not null default 0,
  constraint meta_pkey primary key (singleton)
) with (fillfactor = 25);
insert into jobmachine.meta default values;
comment on table jobmachine.meta is 'The housekeeper''s memory: one row.';
comment on column jobmachine.meta.segment_size is 'Job ids per partition of job and finished.';
comment on column jobmachine.meta.ticked_at is 'When tick last looked at everything; claims call it again a second later.';
comment on column jobmachine.meta.orphans_until is 'Until then running jobs without a lease are looked for every second.';
comment on column jobmachine.meta.low_water_waiting_for is 'Virtual transactions that held the lock on pending when the candidates were noted.';
comment on column jobmachine.meta.purge_cursor is 'The next job id to look at for removal.';

-- Segments: the first reaches down to the beginning, two empty ones wait ahead. No default
-- partition: it would turn every later ATTACH into an exclusive lock.
create table jobmachine.job_1 partition of jobmachine.job for values from (minvalue) to (50000001);
create table jobmachine.job_2 partition of jobmachine.job for values from (50000001) to (100000001);
create table jobmachine.job_3 partition of jobmachine.job for values from (100000001) to (150000001);
create table jobmachine.finished_1 partition of jobmachine.finished for values from (minvalue) to (50000001);
create table jobmachine.finished_2 partition of jobmachine.finished for values from (50000001) to (100000001);
create table jobmachine.finished_3 partition of jobmachine.finished for values from (100000001) to (150000001);
