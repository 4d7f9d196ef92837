-- A verdict for each run of a batch: done and cancelled are the places of those that were ended just now.
create or replace function jobmachine._verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[])
returns text[]
language plpgsql
as $$
declare
  v_verdicts text[];
begin
  select array_agg(case when i.n = any (_verdicts.cancelled) then 'cancelled' when i.n = any (_verdicts.done) then 'ok'
    else jobmachine._verdict(i.job_id, i.receipt) end order by i.n) into v_verdicts
  from unnest(_verdicts.job_ids, _verdicts.receipts) with ordinality i (job_id, receipt, n);
  return v_verdicts;
end
$$;
revoke all on function jobmachine._verdicts(bigint[], bigint[], integer[], integer[]) from public;
comment on function jobmachine._verdicts(bigint[], bigint[], integer[], integer[]) is 'The verdicts of a batch.';
