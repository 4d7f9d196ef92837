-- The single forms of fail, snooze and release.
create or replace function jobmachine._end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval)
returns text
language sql volatile
as $$
  select (jobmachine._end_attempt(array[job_id], array[receipt], array[outcome], array[error], array[detail], array[delay]))[1]
$$;
revoke all on function jobmachine._end_one(bigint, bigint, text, text, jsonb, interval) from public;
comment on function jobmachine._end_one(bigint, bigint, text, text, jsonb, interval) is 'Ends one run that did not complete.';
