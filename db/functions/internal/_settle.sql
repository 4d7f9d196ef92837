-- settle in one go: what completes, and what does not. An element that makes no sense raises; settle then goes one by one.
create or replace function jobmachine._settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[])
returns text[]
language plpgsql
as $$
declare
  v_replies jsonb[];
  v_verdicts text[];
begin
  if _settle.outcomes = array['complete'] and num_nulls(_settle.job_ids[1], _settle.receipts[1]) = 0
    and coalesce(array_ndims(_settle.replies) = 1 and array_lower(_settle.replies, 1) = 1, true)
  then
    return array[jobmachine.complete(_settle.job_ids[1], _settle.receipts[1], nullif(_settle.replies[1], '')::jsonb)];
  end if;
  v_replies := array_replace(_settle.replies, '', null)::jsonb[];
  if jobmachine._suspicious(v_replies) then
    perform jobmachine._check_json('reply', r.reply) from unnest(v_replies) r (reply) where jobmachine._suspicious(r.reply);
  end if;
  if 'complete' = all (_settle.outcomes) and array_ndims(_settle.job_ids) + array_ndims(_settle.receipts) = 2
    and array_position(_settle.job_ids, null) is null and array_position(_settle.receipts, null) is null then
    return jobmachine._complete(_settle.job_ids, _settle.receipts, v_replies);
  end if;
  perform jobmachine._check_outcome(i.job_id, i.receipt, i.outcome, i.delay)
  from unnest(_settle.job_ids, _settle.receipts, _settle.outcomes, _settle.delays) i (job_id, receipt, outcome, delay)
  where i.outcome is distinct from 'complete' or i.job_id is null or i.receipt is null;
  -- Two kinds, one after the other: locked in the order of ids before, so as not to meet another batch the wrong way round.
  perform from jobmachine.running r where r.job_id = any (_settle.job_ids) order by r.job_id for update;
  with input as materialized (
    select i.* from unnest(_settle.job_ids, _settle.receipts, _settle.outcomes, v_replies, _settle.errors, _settle.delays)
      with ordinality i (job_id, receipt, outcome, reply, error, delay, n)
  ), verdict as (
    select v.verdict, c.places[v.n] as n
    from (
      select array_agg(i.n order by i.n) as places, array_agg(i.job_id order by i.n) as job_ids, array_agg(i.receipt order by i.n) as receipts,
        array_agg(i.reply order by i.n) as replies
      from input i where i.outcome = 'complete'
    ) c
    cross join lateral unnest(jobmachine._complete(c.job_ids, c.receipts, c.replies)) with ordinality v (verdict, n)
    where c.job_ids is not null
    union all
    select v.verdict, c.places[v.n]
    from (
      select array_agg(i.n order by i.n) as places, array_agg(i.job_id order by i.n) as job_ids, array_agg(i.receipt order by i.n) as receipts,
        array_agg(i.outcome order by i.n) as outcomes, array_agg(nullif(i.error, '') order by i.n) as errors, array_agg(i.delay order by i.n) as delays
      from input i where i.outcome <> 'complete'
    ) c
    cross join lateral unnest(jobmachine._end_attempt(c.job_ids, c.receipts, c.outcomes, c.errors, null, c.delays)) with ordinality v (verdict, n)
  )
  select array_agg(v.verdict order by v.n) into v_verdicts from verdict v;
  return v_verdicts;
end
$$;
revoke all on function jobmachine._settle(bigint[], bigint[], text[], text[], text[], interval[]) from public;
comment on function jobmachine._settle(bigint[], bigint[], text[], text[], text[], interval[]) is 'Ends runs in one go; raises if an element makes no sense.';
