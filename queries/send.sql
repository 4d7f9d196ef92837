-- Send puts a job into a queue, in the caller's transaction, and returns its ticket number.
-- name: Send :one
select jobmachine.send(
  queue => @queue::text, payload => @payload::jsonb, priority => sqlc.narg(priority)::int, run_at => sqlc.narg(run_at)::timestamptz,
  delay => sqlc.narg(delay)::interval, max_attempts => sqlc.narg(max_attempts)::int, timeout => sqlc.narg(timeout)::interval,
  expires_in => sqlc.narg(expires_in)::interval, unique_key => sqlc.narg(unique_key)::text, unique_for => sqlc.narg(unique_for)::interval,
  headers => sqlc.narg(headers)::jsonb, reply_to => sqlc.narg(reply_to)::text)::bigint as id;

-- SendMany puts many jobs into a queue and returns their ticket numbers in the order of the payloads.
-- name: SendMany :one
select jobmachine.send_many(
  queue => @queue::text, payloads => @payloads::jsonb[], priority => sqlc.narg(priority)::int, run_at => sqlc.narg(run_at)::timestamptz,
  delay => sqlc.narg(delay)::interval, max_attempts => sqlc.narg(max_attempts)::int, timeout => sqlc.narg(timeout)::interval,
  expires_in => sqlc.narg(expires_in)::interval, unique_keys => sqlc.narg(unique_keys)::text[], unique_for => sqlc.narg(unique_for)::interval,
  headers => sqlc.narg(headers)::jsonb, reply_to => sqlc.narg(reply_to)::text)::bigint[] as ids;
