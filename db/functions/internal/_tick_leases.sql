-- Expires leases and puts back what ran under them: first the jobs, while the lease still tells who had them, then the
-- lease. A claim that was under way shows up later, without a lease; that is looked for every second for a while, and
-- now and then anyway.
create or replace function jobmachine._tick_leases()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_meta jobmachine.meta;
  v_gone bigint[];
  v_ids bigint[];
  v_receipts bigint[];
begin
  perform jobmachine._watch_held_leases(v_now);
  select array_agg(l.id) into v_gone
  from (
    select l.id from jobmachine.lease l
    where l.expires_at <= v_now or l.unseen_since <= v_now - interval '1 s' and l.renewed_at < l.unseen_since
      or l.of_claim and not exists (select from jobmachine.running r where r.lease_id = l.id)
    order by l.id limit 5000 for update of l skip locked
  ) l;
  select m.* into v_meta from jobmachine.meta m;
  if v_gone is not null or v_meta.orphans_until > v_now or v_meta.swept_at < v_now - interval '30 s' then
    select array_agg(o.job_id), array_agg(o.receipt) into v_ids, v_receipts
    from (
      select r.job_id, r.receipt from jobmachine.running r
      where r.lease_id = any (v_gone) or not exists (select from jobmachine.lease l where l.id = r.lease_id)
      order by r.job_id limit 1000 for update of r skip locked
    ) o;
    if v_ids is not null then
      perform jobmachine._take_away(v_ids, v_receipts, 'crash', 'the worker is gone: its lease ended while the job was running');
    end if;
    delete from jobmachine.lease l where l.id = any (v_gone);
    update jobmachine.meta m set swept_at = v_now, orphans_until = case when v_ids is not null then v_now + interval '10 s' else m.orphans_until end
    where v_ids is not null or m.swept_at < v_now - interval '0.9 s';
  end if;
  return (case when cardinality(v_ids) = 1000 then 0
    else least(
      case when exists (select from jobmachine.lease l where l.held_at is not null) or v_meta.orphans_until > v_now then 1 else 5 end,
      extract(epoch from (select min(l.expires_at) from jobmachine.lease l) - jobmachine._now()),
      extract(epoch from (select min(l.unseen_since) + interval '1.01 s' from jobmachine.lease l where l.renewed_at < l.unseen_since) - jobmachine._now())) end)::double precision;
end
$$;
revoke all on function jobmachine._tick_leases() from public;
comment on function jobmachine._tick_leases() is 'Expires leases and puts their jobs back; seconds until it should look again.';
