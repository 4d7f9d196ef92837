-- Status tells where a job is; no row: unknown.
-- name: Status :one
select * from jobmachine.status(job_id => @job_id::bigint);

-- Receive reads the latest answer; no row: none yet.
-- name: Receive :one
select * from jobmachine.receive(job_id => @job_id::bigint);

-- Replies reads all answers after one, in order.
-- name: Replies :many
select * from jobmachine.replies(job_id => @job_id::bigint, after_seq => @after_seq::int);

-- Check listens for answers to a job and returns the seconds the caller may wait; 0: receive now.
-- name: Check :one
select jobmachine."check"(job_id => @job_id::bigint)::double precision as seconds;

-- Uncheck stops listening for answers to a job.
-- name: Uncheck :exec
select jobmachine.uncheck(job_id => @job_id::bigint);
