-- A claim is two steps: lock tickets, and go if there are none; then move them to running and hand the jobs out.
create or replace function jobmachine._claim(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text)
returns setof jobmachine.claimed_job
language plpgsql
as $$
declare
  v_now timestamptz := jobmachine._now();
  v_tickets tid[] := array[]::tid[];
  v_lease bigint := _claim.lease_id;
  -- Whatever their bounds were.
  v_queues constant text[] := array(select q.name from unnest(_claim.queues) with ordinality q (name, n) order by q.n);
  v_limits constant integer[] := array(select l.value from unnest(_claim.limits) with ordinality l (value, n) order by l.n);
begin
  perform jobmachine._check_claim(_claim.queues, _claim.n, _claim.limits, _claim.ttl, _claim.worker);
  if v_lease is not null and not exists (select from jobmachine.lease l where l.id = v_lease) then
    perform jobmachine._refuse_lease(v_lease);
  end if;
  v_tickets := jobmachine._collect_queues(v_queues, _claim.n, v_limits, v_now);
  -- Housekeeping is everybody's. Its lock lasts until the transaction ends, so not in one that may stay open: not after
  -- the first moments, nor, while somebody ticks now and then, in one that has jobs. (The two times are not simply the
  -- same: drivers that describe a portal before they run it move the statement's on a little.)
  if statement_timestamp() - transaction_timestamp() < interval '100 ms'
    and jobmachine._tick_is_due(v_now, case when cardinality(v_tickets) = 0 then 1 else 5 end)
  then
    perform jobmachine._tick(array['due', 'expired', 'overdue', 'leases', 'low_water']);
    if cardinality(v_tickets) = 0 then
      v_now := jobmachine._now();
      v_tickets := jobmachine._collect_queues(v_queues, _claim.n, v_limits, v_now);
    end if;
  end if;
  if cardinality(v_tickets) = 0 then
    return;
  end if;

  if v_lease is null then
    -- Durable, as its number makes receipts new.
    perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
    insert into jobmachine.lease (worker, queues, ttl, started_at, renewed_at, expires_at, of_claim)
    values (coalesce(_claim.worker, 'pid ' || pg_backend_pid()), v_queues, coalesce(_claim.ttl, '5 min'), v_now, v_now, v_now + coalesce(_claim.ttl, '5 min'), true)
    returning id into v_lease;
  end if;
  return query select * from jobmachine._start(v_tickets, v_lease, v_now);
end
$$;
revoke all on function jobmachine._claim(text[], integer, integer[], bigint, interval, text) from public;
comment on function jobmachine._claim(text[], integer, integer[], bigint, interval, text) is 'Takes jobs of queues and patterns, in the order given.';
