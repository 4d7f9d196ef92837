-- One element of settle.
create or replace function jobmachine._check_outcome(job_id bigint, receipt bigint, outcome text, delay interval)
returns void
language plpgsql
as $$
begin
  perform jobmachine._check_run(_check_outcome.job_id, _check_outcome.receipt);
  if _check_outcome.outcome is null or _check_outcome.outcome not in ('complete', 'fail', 'discard', 'snooze', 'release', 'cancel') then
    perform jobmachine._refuse('JM001', format('unknown outcome "%s"', left(_check_outcome.outcome, 40)), 'settle was told so.', 'Give complete, fail, discard, snooze, release or cancel.');
  elsif _check_outcome.outcome = 'snooze' and _check_outcome.delay is null then
    perform jobmachine._refuse('JM001', 'snooze without a delay', 'The delay is null.', 'Give an interval, or release.');
  end if;
  perform jobmachine._check_interval('delay', _check_outcome.delay, '0');
end
$$;
revoke all on function jobmachine._check_outcome(bigint, bigint, text, interval) from public;
comment on function jobmachine._check_outcome(bigint, bigint, text, interval) is 'Refuses an element of settle that makes no sense.';
