-- Many runs in one call; one poisoned element does not fail the others.
create or replace function jobmachine.settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[] default null, errors text[] default null, delays interval[] default null)
returns text[]
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
  v_n constant integer := cardinality(settle.job_ids);
begin
  if v_n is null or settle.receipts is null or settle.outcomes is null or v_n <> cardinality(settle.receipts) or v_n <> cardinality(settle.outcomes)
    or v_n <> cardinality(settle.replies) or v_n <> cardinality(settle.errors) or v_n <> cardinality(settle.delays) or v_n > 10000
  then
    perform jobmachine._refuse('JM001', 'the arrays do not fit together',
      format('%s job_ids, %s receipts, %s outcomes, %s replies, %s errors, %s delays.', v_n, cardinality(settle.receipts), cardinality(settle.outcomes),
        cardinality(settle.replies), cardinality(settle.errors), cardinality(settle.delays)),
      'Give job_ids, receipts and outcomes of one length, at most 10000, and the others likewise or null.');
  elsif v_n = 0 then
    return array[]::text[];
  end if;
  begin
    return jobmachine._settle(settle.job_ids, settle.receipts, settle.outcomes, settle.replies, settle.errors, settle.delays);
  exception when data_exception or program_limit_exceeded or sqlstate 'JM000' then
    -- Somewhere is a bad element; below each one gets a subtransaction of its own.
  end;
  return array(
    select jobmachine._settle_one(i.job_id, i.receipt, i.outcome, i.reply, i.error, i.delay)
    from unnest(settle.job_ids, settle.receipts, settle.outcomes, settle.replies, settle.errors, settle.delays)
      with ordinality i (job_id, receipt, outcome, reply, error, delay, n)
    order by i.n);
end
$$;
comment on function jobmachine.settle(bigint[], bigint[], text[], text[], text[], interval[]) is
'Ends many claimed jobs in one call (at most 10000) and returns a verdict for each, in order: ok, already, stale, cancelled, unknown, or invalid: this one could not be stored and its attempt failed with the reason.
outcomes: complete (with replies[i], JSON text), fail (errors[i]; delays[i] or the backoff), discard (fail for good), snooze (delays[i]), release, cancel (errors[i] is the reason).
An empty reply or error is none. Errors: JM001 if the arrays do not fit together.
Example: select jobmachine.settle(array[42, 43], array[8412393122, 99120], array[''complete'', ''fail''], array[''{"ok": true}'', null], array[null, ''no such host''])';
