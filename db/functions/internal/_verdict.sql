-- What to answer to a receipt that is not in force: already, if its holder has used it before (it is on the ticket,
-- with a failed attempt or on the finished job); stale, if the job has moved on without it.
create or replace function jobmachine._verdict(job_id bigint, receipt bigint)
returns text
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: the row may have moved since the caller looked.
begin
  if _verdict.job_id is null or _verdict.receipt is null then
    return 'invalid';
  elsif exists (select from jobmachine.finished f where f.job_id = _verdict.job_id and f.receipt = _verdict.receipt)
    or exists (select from jobmachine.failed_attempt f where f.job_id = _verdict.job_id and f.receipt = _verdict.receipt and f.reason = 'failed')
    or exists (select from jobmachine.scheduled s where s.job_id = _verdict.job_id and s.receipt = _verdict.receipt)
    or exists (select from jobmachine.pending p where p.job_id = _verdict.job_id and jobmachine._position(p.rank) <> p.job_id and p.receipt = _verdict.receipt)
  then
    return 'already';
  elsif exists (select from jobmachine.job j where j.id = _verdict.job_id) then
    return 'stale';
  end if;
  return 'unknown';
end
$$;
revoke all on function jobmachine._verdict(bigint, bigint) from public;
comment on function jobmachine._verdict(bigint, bigint) is 'already, stale, unknown or invalid: the answer to a receipt that is not in force.';
