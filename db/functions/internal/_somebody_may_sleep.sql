-- The quick look at a bell by its name, before _asleep is called: _may_sleep, and whether this session sleeps itself. Who waits for
-- any answer sleeps on the wide bell of answers, reply*, too.
create or replace function jobmachine._somebody_may_sleep(bell text, kind text)
returns boolean
language sql volatile
as $$
  select jobmachine._may_sleep(jobmachine._lock_class(kind), (jobmachine._bell_key(bell) << 32 >> 32)::integer)
    or jobmachine._sleeps_itself()
$$;
revoke all on function jobmachine._somebody_may_sleep(text, text) from public;
comment on function jobmachine._somebody_may_sleep(text, text) is 'False if surely nobody sleeps on this bell; kind is queue or reply.';
