-- A plain INSERT on the view jobs is a send; the row comes back as RETURNING shows it.
create or replace function jobmachine._insert_job()
returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  if num_nonnulls(new.id, new.state, new.attempt, new.created_at, new.started_at, new.finished_at, new.worker, new.reply, new.error, new.reason) > 0 then
    perform jobmachine._refuse('JM001', 'a column that jobmachine fills is given',
      'id, state, attempt, created_at, started_at, finished_at, worker, reply, error and reason are not the sender''s.',
      'Insert queue, payload, priority, run_at, max_attempts, unique_key and headers only.');
  end if;
  v_id := jobmachine.send(new.queue, new.payload, new.priority, new.run_at, max_attempts => new.max_attempts,
    unique_key => new.unique_key, headers => new.headers);
  select s.* into new from jobmachine.status(v_id) s;
  new.id := v_id;
  return new;
end
$$;
revoke all on function jobmachine._insert_job() from public;
comment on function jobmachine._insert_job() is 'Makes INSERT on the view jobs a send.';

create or replace trigger send instead of insert on jobmachine.jobs for each row execute function jobmachine._insert_job();
