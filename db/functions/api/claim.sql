-- Takes jobs of one queue or pattern.
create or replace function jobmachine.claim(queue text, n integer default 1, lease_id bigint default null, ttl interval default '5 min', worker text default null)
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
  v_tickets constant tid[] := jobmachine._take(array[claim.queue], coalesce(claim.n, 1), null, claim.lease_id, claim.ttl, claim.worker);
  v_now constant timestamptz := jobmachine._now(); -- after all that may have become due meanwhile
  v_lease bigint := claim.lease_id;
  v_job jobmachine.claimed_job;
begin
  if v_tickets = '{}' then
    return;
  elsif v_lease is null then
    v_lease := jobmachine._open_claim_lease(array[claim.queue], claim.ttl, claim.worker, v_now);
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
comment on function jobmachine.claim(text, integer, bigint, interval, text) is
'Takes up to n jobs (1 to 10000, default 1) of a queue, or of a pattern such as gl.* or *, and returns them in start order; no rows: none is pending.
lease_id: the lease they belong to, from open_lease; without one a lease of its own is opened that lasts ttl (default 5 min, not renewed) in the name of worker.
Show each job''s receipt with complete, fail, snooze, release and reply. Errors: JM001, JM004 unknown lease.
Example: select * from jobmachine.claim(''mail.welcome'', ttl => ''1 min'')';
