-- Awake again. Forgetting it costs notifications, never a job.
create or replace function jobmachine.unpark()
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform jobmachine._sleep_on('{}');
  perform set_config('jobmachine_session.wait', '', false);
  perform set_config('jobmachine_session.had_work', 'off', false);
end
$$;
comment on function jobmachine.unpark() is
'Tells that this session is awake: senders need not notify it. Its LISTENs stay. Example: select jobmachine.unpark()';
