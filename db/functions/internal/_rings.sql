-- Does a ticket that is about to come into a queue ring? One expression without a call, since it stands in the way of every send.
create or replace function jobmachine._rings(key_a integer)
returns boolean
language sql volatile
as $$
  select jobmachine._sleeps_itself() or jobmachine._may_sleep(jobmachine._lock_class('queue'), key_a)
    or jobmachine._may_sleep(jobmachine._lock_class('queue'), jobmachine._key_a('*'))
$$;
revoke all on function jobmachine._rings(integer) from public;
comment on function jobmachine._rings(integer) is 'False if surely no other session sleeps on a queue, whose bell''s key A is given, or on all.';
