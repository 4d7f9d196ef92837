-- Notify wakes the listeners of a channel: the self-test of a listening connection.
-- name: Notify :exec
select pg_catalog.pg_notify(@channel::text, '');

-- LeaseRenewedAt reads when a lease was opened or last renewed, on the database's clock.
-- name: LeaseRenewedAt :one
select renewed_at from jobmachine.workers where lease_id = @lease_id::bigint;
