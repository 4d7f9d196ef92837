-- The same for one who waits for answers: takes or drops one of the 64 bells. Which ones are held is remembered as bits;
-- both keys, since a call may have been cancelled between the two. Before the first bell, and until after the last, the
-- wide one is held, key A of it: whoever brings many answers looks there first.
create or replace function jobmachine._wait_on(bucket integer, waiting boolean)
returns void
language plpgsql
as $$
declare
  v_class constant integer := jobmachine._lock_class('reply');
  v_bell constant text := 'reply' || _wait_on.bucket || '*';
  v_wide constant integer := jobmachine._key_a('reply*');
  v_bit constant bigint := 1::bigint << _wait_on.bucket;
  v_held bigint;
  v_a integer[];
  v_b integer[];
begin
  if jobmachine._trust_memory('reply') then
    v_held := coalesce(nullif(current_setting('jobmachine_session.waiting', true), ''), '0')::bigint;
  else
    v_a := jobmachine._held_keys(v_class);
    v_b := jobmachine._held_keys(v_class + 1);
    select coalesce(bit_or(1::bigint << b.bucket), 0) into v_held
    from generate_series(0, 63) b (bucket)
    where v_wide = any (v_a) and jobmachine._key_a('reply' || b.bucket || '*') = any (v_a) and jobmachine._key_b('reply' || b.bucket || '*') = any (v_b);
  end if;
  if _wait_on.waiting and v_held & v_bit = 0 then
    if v_held = 0 then
      perform pg_advisory_lock_shared(v_class, v_wide);
    end if;
    perform pg_advisory_lock_shared(v_class, jobmachine._key_a(v_bell));
    perform pg_advisory_lock_shared(v_class + 1, jobmachine._key_b(v_bell));
    v_held := v_held | v_bit;
  elsif not _wait_on.waiting and v_held & v_bit <> 0 then
    perform pg_advisory_unlock_shared(v_class, jobmachine._key_a(v_bell));
    perform pg_advisory_unlock_shared(v_class + 1, jobmachine._key_b(v_bell));
    v_held := v_held & ~v_bit;
    if v_held = 0 then
      perform pg_advisory_unlock_shared(v_class, v_wide);
    end if;
  end if;
  perform set_config('jobmachine_session.waiting', coalesce(nullif(v_held, 0)::text, ''), false);
end
$$;
revoke all on function jobmachine._wait_on(integer, boolean) from public;
comment on function jobmachine._wait_on(integer, boolean) is 'Makes this session a sleeper on a bell of answers, or awake again.';
