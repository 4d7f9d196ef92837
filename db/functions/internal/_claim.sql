-- A claim is two steps: lock tickets, and go if there are none; then move them to running and hand the jobs out.
create or replace function jobmachine._claim(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text)
returns setof jobmachine.claimed_job
language plpgsql
as $$
declare
  v_now timestamptz := jobmachine._now();
  v_tickets tid[] := array[]::tid[];
  v_lease bigint := _claim.lease_id;
  v_limit integer;
begin
  perform jobmachine._check_claim(_claim.queues, _claim.n, _claim.limits, _claim.ttl, _claim.worker);
  if v_lease is not null and not exists (select from jobmachine.lease l where l.id = v_lease) then
    perform jobmachine._refuse_lease(v_lease);
  end if;
  -- Housekeeping is everybody's, but not inside a transaction that may stay open, which would lock the others out.
  -- (Not simply the same time: drivers that describe a portal before they run it move the statement's on a little.)
  if statement_timestamp() - transaction_timestamp() < interval '100 ms' and jobmachine._tick_is_due(v_now) then
    perform jobmachine.tick();
    v_now := jobmachine._now();
  end if;

  if not exists (select from jobmachine.queue q where q.name = '*' and q.paused_at is not null) then
    for i in 1 .. cardinality(_claim.queues) loop
      v_limit := least(_claim.n - cardinality(v_tickets), coalesce(_claim.limits[i], _claim.n));
      continue when v_limit <= 0;
      v_tickets := v_tickets || case when right(_claim.queues[i], 1) = '*' then jobmachine._collect_pattern(_claim.queues[i], v_limit, v_now)
        when not exists (select from jobmachine.queue q where q.name = _claim.queues[i] collate "C" and q.paused_at is not null)
        then jobmachine._collect(_claim.queues[i], v_limit, v_now) end;
    end loop;
  end if;
  if cardinality(v_tickets) = 0 then
    return;
  end if;

  if v_lease is null then
    -- Durable, as its number makes receipts new.
    perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
    insert into jobmachine.lease (worker, queues, ttl, started_at, renewed_at, expires_at, of_claim)
    values (coalesce(_claim.worker, 'pid ' || pg_backend_pid()), _claim.queues, coalesce(_claim.ttl, '5 min'), v_now, v_now, v_now + coalesce(_claim.ttl, '5 min'), true)
    returning id into v_lease;
  end if;
  return query select * from jobmachine._start(v_tickets, v_lease, v_now);
end
$$;
revoke all on function jobmachine._claim(text[], integer, integer[], bigint, interval, text) from public;
comment on function jobmachine._claim(text[], integer, integer[], bigint, interval, text) is 'Takes jobs of queues and patterns, in the order given.';
