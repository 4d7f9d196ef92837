-- Takes jobs of several queues and patterns in one call. claim ends with the same lines: a function for both would be one
-- more level that copies every row.
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
  v_tickets constant tid[] := jobmachine._take(claim_many.queues, claim_many.n, claim_many.limits, claim_many.lease_id, claim_many.ttl, claim_many.worker);
  v_now constant timestamptz := jobmachine._now(); -- after all that may have become due meanwhile
  v_lease bigint := claim_many.lease_id;
  v_job jobmachine.claimed_job;
begin
  if v_tickets = '{}' then
    return;
  elsif v_lease is null then
    v_lease := jobmachine._open_claim_lease(claim_many.queues, claim_many.ttl, claim_many.worker, v_now);
  end if;
  if cardinality(v_tickets) = 1 then
    v_job := jobmachine._start_one(v_tickets[1], v_lease, v_now);
    if v_job.id is not null then
      return next v_job;
    end if;
  else
    return query select * from jobmachine._start(v_tickets, v_lease, v_now);
  end if;
end
$$;
comment on function jobmachine.claim_many(text[], integer, integer[], bigint, interval, text) is
'Takes up to n jobs (1 to 10000) in all from several queues and patterns, looked at in the order given, at most limits[i] of queues[i] (null: no limit of its own).
The rest is as for claim. Errors: JM001, JM004.
Example: select * from jobmachine.claim_many(array[''mail.*'', ''gl.accounting''], 20, limits => array[15, 5], lease_id => 7)';
