-- One row update keeps all jobs of a worker alive; the answer tells which of them should stop.
create or replace function jobmachine.renew(lease_id bigint, job_ids bigint[] default '{}', receipts bigint[] default '{}')
returns setof jobmachine.stop_request
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
  v_now constant timestamptz := jobmachine._now();
begin
  if cardinality(renew.job_ids) is distinct from cardinality(renew.receipts) then
    perform jobmachine._refuse('JM001', 'job_ids and receipts differ in length', format('%s and %s.', cardinality(renew.job_ids), cardinality(renew.receipts)), 'Give one receipt per job.');
  end if;
  update jobmachine.lease l set renewed_at = v_now, expires_at = v_now + l.ttl where l.id = renew.lease_id;
  if not found then
    perform jobmachine._refuse_lease(renew.lease_id);
  end if;
  return query
  select i.job_id,
    case when r.job_id is null then
        case when exists (select from jobmachine.failed_attempt f where f.job_id = i.job_id and f.receipt = i.receipt and f.reason = 'timeout') then 'timeout' else 'stale' end
      when r.cancel_requested_at is not null then 'cancelled'
      else 'timeout' end
  from unnest(renew.job_ids, renew.receipts) i (job_id, receipt)
  left join lateral (select r.* from jobmachine.running r where r.job_id = i.job_id and r.receipt = i.receipt limit 1) r on true
  where r.job_id is null or r.cancel_requested_at is not null or r.deadline_at <= v_now;
end
$$;
comment on function jobmachine.renew(bigint, bigint[], bigint[]) is
'Keeps a lease alive for another ttl. job_ids, receipts: the jobs that are running under it. Returns those that should stop, as (job_id, reason):
cancelled (somebody asked), timeout (its time is up), stale (it is not this worker''s any more). Errors: JM001, JM004 the lease is gone: stop them all.
Example: select * from jobmachine.renew(7, array[42], array[8412393122])';
