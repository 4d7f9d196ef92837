-- Cancel ends a job wherever it is; a running one is asked to stop.
-- name: Cancel :one
select jobmachine.cancel(job_id => @job_id::bigint, reason => sqlc.narg(reason)::text)::text as verdict;

-- Retry makes a finished or scheduled job pending again.
-- name: Retry :one
select jobmachine.retry(job_id => @job_id::bigint, run_at => sqlc.narg(run_at)::timestamptz)::text as verdict;

-- Remove deletes a job and all that belongs to it.
-- name: Remove :one
select jobmachine.remove(job_id => @job_id::bigint)::text as verdict;

-- Pause stops claims from a queue.
-- name: Pause :exec
select jobmachine.pause(queue => @queue::text);

-- Resume ends a pause.
-- name: Resume :exec
select jobmachine.resume(queue => @queue::text);

-- Configure changes settings of a queue; null leaves one as it is.
-- name: Configure :one
select * from jobmachine.configure(queue => @queue::text, max_attempts => sqlc.narg(max_attempts)::int, backoff => sqlc.narg(backoff)::interval,
  backoff_factor => sqlc.narg(backoff_factor)::double precision, backoff_max => sqlc.narg(backoff_max)::interval,
  timeout => sqlc.narg(timeout)::interval, retention => sqlc.narg(retention)::interval);

-- Tick does the housekeeping that is due and returns the seconds until it wants to be called again.
-- name: Tick :one
select jobmachine.tick()::double precision as seconds;

-- Version returns the version of the installed schema.
-- name: Version :one
select jobmachine.version()::text as version;

-- Jobs lists jobs, newest first; an empty queue or state means any.
-- name: Jobs :many
select * from jobmachine.list(queue => nullif(@queue::text, ''), state => nullif(@state::text, ''), n => @n::int);

-- Queues lists queues with their settings and counts.
-- name: Queues :many
select * from jobmachine.queues order by name;

-- Workers lists leases.
-- name: Workers :many
select * from jobmachine.workers order by lease_id;

-- Attempts lists the failed and lost attempts of a job.
-- name: Attempts :many
select * from jobmachine.attempts where job_id = @job_id::bigint order by attempt;
