-- No longer waits for answers to a job, nor to others of the same bell. Forgetting it costs notifications, never an answer.
create or replace function jobmachine.uncheck(job_id bigint)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant bigint := jobmachine._bell_key('reply' || (uncheck.job_id & 63) || '*');
  v_class constant integer := jobmachine._lock_class('reply');
  v_seen constant text := nullif(current_setting('jobmachine_session.seen', true), '');
begin
  if (v_key << 32 >> 32)::integer = any (jobmachine._held_keys(v_class)) then
    perform pg_advisory_unlock_shared(v_class, (v_key << 32 >> 32)::integer);
    perform pg_advisory_unlock_shared(v_class + 1, (v_key >> 32)::integer);
    if cardinality(jobmachine._held_keys(v_class) || jobmachine._held_keys(jobmachine._lock_class('queue'))) = 0 then
      perform set_config('jobmachine_session.parked', 'off', false);
    end if;
  end if;
  if v_seen is not null then
    perform set_config('jobmachine_session.seen', (v_seen::jsonb - uncheck.job_id::text)::text, false);
  end if;
end
$$;
comment on function jobmachine.uncheck(bigint) is
'Ends what check began, for this job and every other of this session with the same job_id % 64. Example: select jobmachine.uncheck(42)';
