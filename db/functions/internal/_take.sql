-- A claim is two steps: lock tickets, and then _start moves them to running and hands the jobs out. The usual claim, of
-- plain queues and under a lease, is spared what it has no need of.
create or replace function jobmachine._take(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text)
returns tid[]
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_queues text[] := _take.queues;
  v_limits integer[] := _take.limits;
  v_tickets tid[];
begin
  if (_take.n between 1 and 10000 and array_ndims(v_queues) = 1 and array_lower(v_queues, 1) = 1 and cardinality(v_queues) <= 1000
    and num_nonnulls(v_limits, _take.worker) = 0 and coalesce(_take.ttl, '5 min') = '5 min') is not true
  then
    perform jobmachine._check_claim(_take.queues, _take.n, _take.limits, _take.ttl, _take.worker);
    v_queues := array(select q.name from unnest(v_queues) with ordinality q (name, n) order by q.n);
    v_limits := array(select l.value from unnest(v_limits) with ordinality l (value, n) order by l.n);
  end if;
  if cardinality(v_queues) = 1 and v_limits is null and length(v_queues[1]) between 1 and 255 and right(v_queues[1], 1) <> '*' then
    v_tickets := case when _take.n < 100 then jobmachine._collect(v_queues[1], _take.n, v_now, null) else jobmachine._collect_batch(v_queues[1], _take.n, v_now) end;
  else
    v_tickets := jobmachine._collect_queues(v_queues, _take.n, v_limits, v_now);
  end if;
  -- Housekeeping is everybody's. Its lock lasts until the transaction ends, so not in one that may stay open: not after
  -- the first moments, nor, while somebody ticks now and then, in one that has jobs. (The two times are not simply the
  -- same: drivers that describe a portal before they run it move the statement's on a little.)
  if jobmachine._asks(v_now) and statement_timestamp() - transaction_timestamp() < interval '100 ms'
    and jobmachine._tick_is_due(v_now, case when cardinality(v_tickets) = 0 then 1 else 5 end)
  then
    perform jobmachine._tick(array['due', 'expired', 'overdue', 'leases', 'low_water']);
    if cardinality(v_tickets) = 0 then
      v_tickets := jobmachine._collect_queues(v_queues, _take.n, v_limits, jobmachine._now());
    end if;
  end if;
  if _take.lease_id is not null and cardinality(v_tickets) <> 1 and not exists (select from jobmachine.lease l where l.id = _take.lease_id) then
    perform jobmachine._refuse_lease(_take.lease_id); -- of a claim of one, _start_one looks
  end if;
  return v_tickets;
end
$$;
revoke all on function jobmachine._take(text[], integer, integer[], bigint, interval, text) from public;
comment on function jobmachine._take(text[], integer, integer[], bigint, interval, text) is 'Locks jobs of queues and patterns, in the order given, and tells where.';
