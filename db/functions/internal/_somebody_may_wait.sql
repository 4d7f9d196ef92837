-- A quick look for those who wait for an answer, like _may_sleep.
create or replace function jobmachine._somebody_may_wait(bucket bigint)
returns boolean
language sql volatile
as $$
  select jobmachine._may_sleep(jobmachine._lock_class('reply'), (jobmachine._bell_key('reply' || bucket || '*') << 32 >> 32)::integer)
    or jobmachine._sleeps_itself()
$$;
revoke all on function jobmachine._somebody_may_wait(bigint) from public;
comment on function jobmachine._somebody_may_wait(bigint) is 'False if surely nobody waits on this bell of answers.';
