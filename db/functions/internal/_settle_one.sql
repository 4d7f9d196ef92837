-- One element, apart from the others. What cannot be stored is the verdict invalid, and its attempt fails with the reason.
create or replace function jobmachine._settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval)
returns text
language plpgsql
as $$
begin
  return (jobmachine._settle(array[_settle_one.job_id], array[_settle_one.receipt], array[_settle_one.outcome], array[_settle_one.reply],
    array[_settle_one.error], array[_settle_one.delay]))[1];
exception when data_exception or program_limit_exceeded or sqlstate 'JM000' then
  perform jobmachine._end_one(_settle_one.job_id, _settle_one.receipt, 'fail', format('the outcome cannot be stored: %s', sqlerrm), null, null);
  return 'invalid';
end
$$;
revoke all on function jobmachine._settle_one(bigint, bigint, text, text, text, interval) from public;
comment on function jobmachine._settle_one(bigint, bigint, text, text, text, interval) is 'Ends one run; invalid if its outcome cannot be stored.';
