-- Called after an empty claim, on the session that LISTENs. DESIGN: the flag goes up before the last look.
create or replace function jobmachine.park(queues text[])
returns double precision
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
  v_bells text[];
  v_next timestamptz;
  v_tick double precision;
  v_last constant integer := nullif(current_setting('jobmachine_session.wait', true), '')::integer;
  v_had_work constant boolean := current_setting('jobmachine_session.had_work', true) = 'on';
  v_under_way boolean;
  v_wait integer;
  v_work boolean;
begin
  perform jobmachine._check_queues(park.queues);
  v_bells := array(select distinct case when right(q.name, 1) = '*' then '*' else q.name end from unnest(park.queues) q (name)) || 'tick*'::text;
  if jobmachine._listen(v_bells) then
    return 0::double precision;
  end if;
  perform jobmachine._sleep_on(v_bells);
  -- Housekeeping once a second is enough, but for what falls due; claims do the urgent parts of it, so each session does
  -- the whole now and then.
  v_next := (select least(m.ticked_at + interval '1 s', (select s.due_at from jobmachine.scheduled s order by s.due_at limit 1)) from jobmachine.meta m);
  if v_next <= jobmachine._now() or not jobmachine._trust_memory('tick', 5) then
    v_tick := jobmachine.tick();
  else
    v_tick := extract(epoch from v_next - jobmachine._now())::double precision;
  end if;
  -- Only senders that are already under way need another look; later ones ring. Above READ COMMITTED the
  -- look below is not a fresh one, so there too it is repeated.
  v_under_way := current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') or jobmachine._sender_under_way(v_bells);
  select bool_or(jobmachine._has_work(q.name, jobmachine._now())) into v_work from unnest(park.queues) q (name);
  perform set_config('jobmachine_session.had_work', case when v_work then 'on' else 'off' end, false);
  if v_work and v_had_work is distinct from true then
    return 0::double precision;
  elsif v_work or v_under_way then
    -- Work that was there before and yet is not to be had (another worker's claim is open), or a sender under way:
    -- again in 2 ms, doubling to 500 ms.
    v_wait := least(500, greatest(2, 2 * v_last));
    perform set_config('jobmachine_session.wait', v_wait::text, false);
    return least(v_tick, v_wait / 1000.0);
  end if;
  perform set_config('jobmachine_session.wait', '', false);
  return v_tick;
end
$$;
comment on function jobmachine.park(text[]) is
'Makes this session a sleeper that senders wake by NOTIFY; to be called after an empty claim, in a transaction of its own, on the session that LISTENs.
queues: names and patterns, as for claim. Returns the seconds the caller may wait for a notification before it claims again; 0: claim now
(also after the first call, which LISTENs). Does the housekeeping of tick. Errors: JM001.
Example: select jobmachine.park(array[''mail.welcome'', ''gl.*''])';
