-- Claim takes up to n jobs of a queue or pattern; without a lease it opens one for this claim.
-- name: Claim :many
select * from jobmachine.claim(queue => @queue::text, n => @n::int, lease_id => sqlc.narg(lease_id)::bigint,
  ttl => sqlc.narg(ttl)::interval, worker => sqlc.narg(worker)::text);

-- ClaimMany takes up to n jobs of several queues, in the order given, at most limits[i] from queues[i].
-- name: ClaimMany :many
select * from jobmachine.claim_many(queues => @queues::text[], n => @n::int, limits => sqlc.narg(limits)::int[],
  lease_id => sqlc.narg(lease_id)::bigint, ttl => sqlc.narg(ttl)::interval, worker => sqlc.narg(worker)::text);

-- Complete finishes a job with its last answer and returns the verdict.
-- name: Complete :one
select jobmachine.complete(job_id => @job_id::bigint, receipt => @receipt::bigint, reply => sqlc.narg(reply)::jsonb)::text as verdict;

-- Fail ends an attempt: the job is tried again later, or fails for good.
-- name: Fail :one
select jobmachine.fail(job_id => @job_id::bigint, receipt => @receipt::bigint, error => @error::text, detail => sqlc.narg(detail)::jsonb,
  retry_in => sqlc.narg(retry_in)::interval, permanent => @permanent::boolean)::text as verdict;

-- Snooze puts a job back for later; the attempt is not counted.
-- name: Snooze :one
select jobmachine.snooze(job_id => @job_id::bigint, receipt => @receipt::bigint, delay => @delay::interval)::text as verdict;

-- Release puts a job back for now; the attempt is not counted.
-- name: Release :one
select jobmachine.release(job_id => @job_id::bigint, receipt => @receipt::bigint)::text as verdict;

-- Reply gives an interim answer.
-- name: Reply :one
select jobmachine.reply(job_id => @job_id::bigint, receipt => @receipt::bigint, payload => @payload::jsonb)::text as verdict;

-- Settle ends many runs in one call and returns a verdict for each. An empty reply or error is none.
-- name: Settle :one
select jobmachine.settle(job_ids => @job_ids::bigint[], receipts => @receipts::bigint[], outcomes => @outcomes::text[],
  replies => @replies::text[], errors => @errors::text[], delays => @delays::interval[])::text[] as verdicts;

-- OpenLease opens a lease for a worker process.
-- name: OpenLease :one
select jobmachine.open_lease(worker => @worker::text, ttl => sqlc.narg(ttl)::interval, queues => @queues::text[])::bigint as lease_id;

-- HoldLease ties a lease to this session: if the session dies, the lease does.
-- name: HoldLease :exec
select jobmachine.hold_lease(lease_id => @lease_id::bigint);

-- Renew keeps a lease alive and returns which of the jobs should stop.
-- name: Renew :many
select * from jobmachine.renew(lease_id => @lease_id::bigint, job_ids => @job_ids::bigint[], receipts => @receipts::bigint[]);

-- CloseLease ends a lease and releases what is left; returns how many.
-- name: CloseLease :one
select jobmachine.close_lease(lease_id => @lease_id::bigint)::bigint as released;

-- Park is called after an empty claim, on the listening session; returns the seconds the caller may wait, 0: claim now.
-- name: Park :one
select jobmachine.park(queues => @queues::text[])::double precision as seconds;

-- Unpark tells that this session is awake: senders need not notify it.
-- name: Unpark :exec
select jobmachine.unpark();

-- ClaimedUnder returns the runs of a lease whose receipts are not these: what a claim took whose answer was lost.
-- name: ClaimedUnder :many
select * from jobmachine.claimed_job c
where c.lease_id = @lease_id and c.receipt <> all (@receipts::bigint[]) and coalesce(c.deadline_at > now(), true);
