-- Takes jobs of one queue or pattern: claim_many, for those who write SQL by hand.
create or replace function jobmachine.claim(queue text, n integer default 1, lease_id bigint default null, ttl interval default '5 min', worker text default null)
returns setof jobmachine.claimed_job
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select * from jobmachine.claim_many(array[claim.queue], coalesce(claim.n, 1), null, claim.lease_id, claim.ttl, claim.worker);
end
$$;
comment on function jobmachine.claim(text, integer, bigint, interval, text) is
'Takes up to n jobs (1 to 10000, default 1) of a queue, or of a pattern such as gl.* or *, and returns them in start order; no rows: none is pending.
lease_id: the lease they belong to, from open_lease; without one a lease of its own is opened that lasts ttl (default 5 min, not renewed) in the name of worker.
Show each job''s receipt with complete, fail, snooze, release and reply. Errors: JM001, JM004 unknown lease.
Example: select * from jobmachine.claim(''mail.welcome'', ttl => ''1 min'')';
