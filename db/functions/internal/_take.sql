-- A claim is two steps: lock tickets, and go if there are none (null); then _start moves them to running and hands the jobs out.
create or replace function jobmachine._take(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text,
  out tickets tid[], out lease bigint, out now timestamptz)
language plpgsql
as $$
declare
  v_queues text[] := _take.queues;
  v_limits integer[] := _take.limits;
begin
  now := jobmachine._now();
  lease := _take.lease_id;
  perform jobmachine._check_claim(_take.queues, _take.n, _take.limits, _take.ttl, _take.worker);
  if array_lower(v_queues, 1) <> 1 or array_ndims(v_queues) > 1 or array_lower(v_limits, 1) <> 1 or array_ndims(v_limits) > 1 then
    v_queues := array(select q.name from unnest(v_queues) with ordinality q (name, n) order by q.n);
    v_limits := array(select l.value from unnest(v_limits) with ordinality l (value, n) order by l.n);
  end if;
  if _take.lease_id is not null and not exists (select from jobmachine.lease l where l.id = _take.lease_id) then
    perform jobmachine._refuse_lease(_take.lease_id);
  end if;
  tickets := jobmachine._collect_queues(v_queues, _take.n, v_limits, now);
  -- Housekeeping is everybody's. Its lock lasts until the transaction ends, so not in one that may stay open: not after
  -- the first moments, nor, while somebody ticks now and then, in one that has jobs. (The two times are not simply the
  -- same: drivers that describe a portal before they run it move the statement's on a little.)
  if statement_timestamp() - transaction_timestamp() < interval '100 ms'
    and jobmachine._tick_is_due(now, case when cardinality(tickets) = 0 then 1 else 5 end)
  then
    perform jobmachine._tick(array['due', 'expired', 'overdue', 'leases', 'low_water']);
    if cardinality(tickets) = 0 then
      now := jobmachine._now();
      tickets := jobmachine._collect_queues(v_queues, _take.n, v_limits, now);
    end if;
  end if;
  if cardinality(tickets) = 0 then
    tickets := null;
  elsif lease is null then
    -- Durable, as its number makes receipts new.
    perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
    insert into jobmachine.lease (worker, queues, ttl, started_at, renewed_at, expires_at, of_claim)
    values (coalesce(_take.worker, 'pid ' || pg_backend_pid()), v_queues, coalesce(_take.ttl, '5 min'), now, now, now + coalesce(_take.ttl, '5 min'), true)
    returning id into lease;
  end if;
end
$$;
revoke all on function jobmachine._take(text[], integer, integer[], bigint, interval, text) from public;
comment on function jobmachine._take(text[], integer, integer[], bigint, interval, text) is 'Takes jobs of queues and patterns, in the order given.';
