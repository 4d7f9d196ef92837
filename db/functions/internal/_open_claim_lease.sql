-- A claim without a lease opens one of its own.
create or replace function jobmachine._open_claim_lease(queues text[], ttl interval, worker text, now timestamptz)
returns bigint
language plpgsql
as $$
declare
  v_id bigint;
begin
  -- Durable, as its number makes receipts new.
  perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
  insert into jobmachine.lease (worker, queues, ttl, started_at, renewed_at, expires_at, of_claim)
  values (coalesce(_open_claim_lease.worker, 'pid ' || pg_backend_pid()), array(select unnest(_open_claim_lease.queues)), coalesce(_open_claim_lease.ttl, '5 min'),
    _open_claim_lease.now, _open_claim_lease.now, _open_claim_lease.now + coalesce(_open_claim_lease.ttl, '5 min'), true)
  returning id into v_id;
  return v_id;
end
$$;
revoke all on function jobmachine._open_claim_lease(text[], interval, text, timestamptz) from public;
comment on function jobmachine._open_claim_lease(text[], interval, text, timestamptz) is 'Opens the lease of a claim that has none.';
