-- A quick look for those who wait for an answer, like _may_sleep: on a bell of answers, or on the wide one (reply*), which
-- everybody holds who waits on any.
create or replace function jobmachine._somebody_may_wait(bell text)
returns boolean
language sql volatile
as $$
  select jobmachine._may_sleep(jobmachine._lock_class('reply'), (jobmachine._bell_key(bell) << 32 >> 32)::integer)
    or jobmachine._sleeps_itself()
$$;
revoke all on function jobmachine._somebody_may_wait(text) from public;
comment on function jobmachine._somebody_may_wait(text) is 'False if surely nobody waits on this bell of answers.';
