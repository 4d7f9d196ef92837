-- No longer waits for answers to a job, nor to others of the same bell. Forgetting it costs notifications, never an answer.
create or replace function jobmachine.uncheck(job_id bigint)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seen constant text := nullif(current_setting('jobmachine_session.seen', true), '');
begin
  if uncheck.job_id is not null then
    perform jobmachine._wait_on((uncheck.job_id & 63)::integer, false);
  end if;
  if v_seen is not null then
    perform set_config('jobmachine_session.seen', (v_seen::jsonb - array(
      select k.id from jsonb_object_keys(v_seen::jsonb) k (id) where k.id::bigint & 63 = uncheck.job_id & 63))::text, false);
  end if;
end
$$;
comment on function jobmachine.uncheck(bigint) is
'Ends what check began, for this job and every other of this session with the same job_id % 64. Example: select jobmachine.uncheck(42)';
