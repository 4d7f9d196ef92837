-- Ends attempts that ran past their timeout. Short deadlines have an index; for the others, where half a minute does
-- not matter, the table is swept twice a minute. The receipt is the recheck: a job that has just been completed is not there.
create or replace function jobmachine._tick_overdue()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_ids bigint[];
  v_receipts bigint[];
begin
  select array_agg(r.job_id), array_agg(r.receipt) into v_ids, v_receipts
  from (
    select r.job_id, r.receipt from jobmachine.running r
    where r.deadline_at <= v_now and r.deadline_at - r.started_at < '15 min' order by r.deadline_at limit 500 for update skip locked
  ) r;
  if (select m.deadlines_swept_at from jobmachine.meta m) < v_now - interval '30 s' then
    update jobmachine.meta m set deadlines_swept_at = v_now;
    select array_agg(r.job_id), array_agg(r.receipt) into v_ids, v_receipts
    from (select r.job_id, r.receipt from jobmachine.running r where r.deadline_at <= v_now order by r.job_id limit 5000 for update skip locked) r;
  end if;
  if v_ids is not null then
    perform jobmachine._take_away(v_ids, v_receipts, 'timeout', 'the attempt ran longer than its timeout');
  end if;
  return extract(epoch from (select min(r.deadline_at) from jobmachine.running r where r.deadline_at - r.started_at < '15 min') - jobmachine._now())::double precision;
end
$$;
revoke all on function jobmachine._tick_overdue() from public;
comment on function jobmachine._tick_overdue() is 'Ends attempts past their deadline; seconds until the next.';
