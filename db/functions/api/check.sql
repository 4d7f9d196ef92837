-- LISTENs for answers to a job. The same protocol as park, on one of 64 bells. Interim answers that this session has
-- been told of are remembered, or one of them would make every later call answer 0.
create or replace function jobmachine.check(job_id bigint)
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
  v_bell constant text := 'reply' || ("check".job_id & 63) || '*';
  v_seen constant jsonb := coalesce(nullif(current_setting('jobmachine_session.seen', true), ''), '{}')::jsonb;
  v_created_at timestamptz;
  v_seq integer;
begin
  if "check".job_id is null then
    perform jobmachine._refuse('JM001', 'job_id is missing', 'job_id is null.', 'Give a ticket number from send.');
  end if;
  if not exists (select from jobmachine.job j where j.id = "check".job_id) then
    perform jobmachine._refuse('JM001', 'no such job', format('There is no job %s: it was never sent, its transaction has not committed, or it was removed after its retention.', "check".job_id),
      'Call check after the send has committed.');
  end if;
  if jobmachine._listen(array[v_bell]) then
    return 0::double precision;
  end if;
  perform jobmachine._wait_on(("check".job_id & 63)::integer, true);
  -- In this order: who answers after the first look rings, who answered before is seen by the second.
  if jobmachine._sender_under_way(array[v_bell, 'reply*']) or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    v_created_at := (select j.created_at from jobmachine.job j where j.id = "check".job_id);
  end if;
  if exists (select from jobmachine.finished f where f.job_id = "check".job_id) then
    return 0::double precision;
  end if;
  select max(r.seq) into v_seq from jobmachine.reply r where r.job_id = "check".job_id;
  if v_seq > coalesce((v_seen ->> "check".job_id::text)::integer, 0) then
    perform set_config('jobmachine_session.seen', (v_seen || jsonb_build_object("check".job_id::text, v_seq))::text, false);
    return 0::double precision;
  end if;
  -- Somebody is just answering a job of this bell: look again soon, the less often the longer the job takes.
  if v_created_at is not null then
    return least(0.5, greatest(0.002, extract(epoch from jobmachine._now() - v_created_at) / 4))::double precision;
  end if;
  return 10::double precision;
end
$$;
comment on function jobmachine.check(bigint) is
'LISTENs for answers to a job, after its send has committed, in a transaction of its own. Returns the seconds the caller may wait for a notification before it looks again; 0: look now.
The loop: receive; if there is none, check; wait that long; again. Call uncheck at the end. Errors: JM001, also for a job that does not exist.
Example: select jobmachine.check(42)';
