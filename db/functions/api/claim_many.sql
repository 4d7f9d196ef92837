-- Takes jobs of several queues and patterns in one call.
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
  v_taken record;
begin
  select t.* into v_taken from jobmachine._take(claim_many.queues, claim_many.n, claim_many.limits, claim_many.lease_id, claim_many.ttl, claim_many.worker) t;
  if cardinality(v_taken.tickets) = 1 then
    return query select * from jobmachine._start_one(v_taken.tickets[1], v_taken.lease, v_taken.now);
  elsif v_taken.tickets is not null then
    return query select * from jobmachine._start(v_taken.tickets, v_taken.lease, v_taken.now);
  end if;
end
$$;
comment on function jobmachine.claim_many(text[], integer, integer[], bigint, interval, text) is
'Takes up to n jobs (1 to 10000) in all from several queues and patterns, looked at in the order given, at most limits[i] of queues[i] (null: no limit of its own).
The rest is as for claim. Errors: JM001, JM004.
Example: select * from jobmachine.claim_many(array[''mail.*'', ''gl.accounting''], 20, limits => array[15, 5], lease_id => 7)';
