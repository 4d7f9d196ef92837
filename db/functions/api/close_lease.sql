-- The orderly end of a worker: what it still had goes back at once, attempts given back.
create or replace function jobmachine.close_lease(lease_id bigint)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_ids bigint[];
  v_receipts bigint[];
begin
  delete from jobmachine.lease l where l.id = close_lease.lease_id;
  select array_agg(r.job_id), array_agg(r.receipt) into v_ids, v_receipts from jobmachine.running r where r.lease_id = close_lease.lease_id;
  if v_ids is null then
    return 0::bigint;
  end if;
  -- What another transaction has ended meanwhile is not ours to count.
  return (select count(*) from unnest(jobmachine._end_attempt(v_ids, v_receipts, array_fill('release'::text, array[cardinality(v_ids)]), null, null, null)) v (verdict)
    where v.verdict in ('ok', 'cancelled'));
end
$$;
comment on function jobmachine.close_lease(bigint) is
'Ends a lease. Jobs that are still running under it are released. Returns how many; 0 also if there is no such lease. Example: select jobmachine.close_lease(7)';
