-- Takes jobs of several queues and patterns in one call: lock tickets, and then _start moves them to running and hands the jobs
-- out. The usual claim, of plain queues and under a lease, is spared what it has no need of.
create or replace function jobmachine.claim_many(queues text[], n integer, limits integer[] default null, lease_id bigint default null,
  ttl interval default '5 min', worker text default null)
returns setof jobmachine.claimed_job
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz := jobmachine._now();
  v_queues text[] := claim_many.queues;
  v_limits integer[] := claim_many.limits;
  v_lease bigint := claim_many.lease_id;
  v_tickets tid[];
  v_job jobmachine.claimed_job;
begin
  if (claim_many.n between 1 and 10000 and array_ndims(v_queues) = 1 and array_lower(v_queues, 1) = 1 and cardinality(v_queues) <= 1000
    and num_nonnulls(v_limits, claim_many.worker) = 0 and coalesce(claim_many.ttl, '5 min') = '5 min') is not true
  then
    perform jobmachine._check_claim(claim_many.queues, claim_many.n, claim_many.limits, claim_many.ttl, claim_many.worker);
    v_queues := array(select q.name from unnest(v_queues) with ordinality q (name, n) order by q.n);
    v_limits := array(select l.value from unnest(v_limits) with ordinality l (value, n) order by l.n);
  end if;
  if cardinality(v_queues) = 1 and v_limits is null and length(v_queues[1]) between 1 and 255 and right(v_queues[1], 1) <> '*' then
    v_tickets := case when claim_many.n < 100 then jobmachine._collect(v_queues[1], claim_many.n, v_now, null)
      else jobmachine._collect_batch(v_queues[1], claim_many.n, v_now) end;
  else
    v_tickets := jobmachine._collect_queues(v_queues, claim_many.n, v_limits, v_now);
  end if;
  -- Housekeeping is everybody's. Its lock lasts until the transaction ends, so not in one that may stay open: not after
  -- the first moments, nor, while somebody ticks now and then, in one that has jobs. (The two times are not simply the
  -- same: drivers that describe a portal before they run it move the statement's on a little.)
  if jobmachine._asks(v_now) and statement_timestamp() - transaction_timestamp() < interval '100 ms'
    and jobmachine._tick_is_due(v_now, case when cardinality(v_tickets) = 0 then 1 else 5 end)
  then
    perform jobmachine._tick(array['due', 'expired', 'overdue', 'leases', 'low_water']);
    if cardinality(v_tickets) = 0 then
      v_tickets := jobmachine._collect_queues(v_queues, claim_many.n, v_limits, jobmachine._now());
    end if;
  end if;
  v_now := jobmachine._now(); -- after all that may have become due meanwhile
  if v_lease is null and cardinality(v_tickets) > 0 then
    v_lease := jobmachine._open_claim_lease(claim_many.queues, claim_many.ttl, claim_many.worker, v_now);
  end if;
  if cardinality(v_tickets) = 1 then
    v_job := jobmachine._start_one(v_tickets[1], v_lease, v_now); -- which looks whether there is such a lease
    if v_job.id is not null then
      return next v_job;
    end if;
  elsif v_lease is not null and not exists (select from jobmachine.lease l where l.id = v_lease) then
    perform jobmachine._refuse_lease(v_lease);
  elsif cardinality(v_tickets) > 0 then
    return query select * from jobmachine._start(v_tickets, v_lease, v_now);
  end if;
end
$$;
comment on function jobmachine.claim_many(text[], integer, integer[], bigint, interval, text) is
'Takes up to n jobs (1 to 10000) in all from several queues and patterns, looked at in the order given, at most limits[i] of queues[i] (null: no limit of its own).
The rest is as for claim. Errors: JM001, JM004.
Example: select * from jobmachine.claim_many(array[''mail.*'', ''gl.accounting''], 20, limits => array[15, 5], lease_id => 7)';
