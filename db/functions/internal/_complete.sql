-- Finishes runs with their replies. The receipt is the fence: whose run was given up finds no row.
create or replace function jobmachine._complete(job_ids bigint[], receipts bigint[], replies jsonb[])
returns text[]
language plpgsql
set enable_hashjoin = on -- one shape whatever the tables held when it was planned: tickets by id or by range, hashed with the input
set enable_nestloop = off
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_brief text[] := array(select q.name from jobmachine.queue q where q.retention = '0'); -- queues that keep nothing
  v_kept text[];
  v_done integer[];
  v_ended bigint[];
  v_gone bigint[];
  v_over bigint[];
begin
  if '*' = any (v_brief) then
    v_kept := array(select q.name from jobmachine.queue q where q.retention > '0');
  end if;
  with outcome as not materialized ( -- of a job that is named twice, the first
    select distinct on (i.job_id, i.receipt) i.*
    from (
      select unnest(_complete.job_ids), unnest(_complete.receipts), unnest(_complete.replies), generate_series(1, cardinality(_complete.job_ids))
    ) i (job_id, receipt, reply, n)
    order by i.job_id, i.receipt, i.n
  ), stretch as materialized (
    select min(i.job_id) as first, max(i.job_id) as last, jobmachine._dense(min(i.job_id), max(i.job_id), count(*)) as is_dense
    from (select unnest(_complete.job_ids)) i (job_id)
  ), dense as (
    delete from jobmachine.running r using outcome o
    where (select s.is_dense from stretch s) and r.job_id between (select s.first from stretch s) and (select s.last from stretch s)
      and r.job_id = o.job_id and r.receipt = o.receipt
    returning o.n, o.reply, r.*
  ), sparse as (
    delete from jobmachine.running r using outcome o
    where not (select s.is_dense from stretch s) and r.job_id = any (_complete.job_ids) and r.job_id = o.job_id and r.receipt = o.receipt
    returning o.n, o.reply, r.*
  ), ended as not materialized (
    select e.*, (e.unique_key is null and e.reply_to is null and (e.queue = any (v_brief) or e.queue <> all (v_kept))) is true as forgets
    from (select * from dense union all select * from sparse) e
  ), holder as materialized ( -- one lease, mostly
    select e.lease_id, (select l.worker from jobmachine.lease l where l.id = e.lease_id) as worker from (select distinct e.lease_id from ended e) e
  ), over as (
    insert into jobmachine.finished (job_id, started_at, finished_at, receipt, attempt, queue, worker, result)
    select e.job_id, e.started_at, v_now, e.receipt, e.attempt, e.queue, h.worker, e.reply
    from ended e
    join holder h on h.lease_id = e.lease_id
    where not e.forgets
  )
  select array_agg(e.n), array_agg(e.job_id), array_agg(e.job_id) filter (where e.forgets), array_agg(e.job_id) filter (where e.unique_key is not null or e.reply_to is not null)
  into v_done, v_ended, v_gone, v_over
  from ended e;

  perform jobmachine._ring_waiters(v_ended);
  if v_over is not null then
    perform jobmachine._after_end(v_over);
    perform jobmachine._forget_at_once(v_over);
  end if;
  if v_gone is not null then
    perform jobmachine._erase(v_gone); -- without a trace: they have no key and no ticket any more
  end if;
  if cardinality(v_done) = cardinality(_complete.job_ids) then
    return array_fill('ok'::text, array[cardinality(v_done)]);
  end if;
  return jobmachine._verdicts(_complete.job_ids, _complete.receipts, v_done, null);
end
$$;
revoke all on function jobmachine._complete(bigint[], bigint[], jsonb[]) from public;
comment on function jobmachine._complete(bigint[], bigint[], jsonb[]) is 'Finishes runs with their replies; a verdict each.';
