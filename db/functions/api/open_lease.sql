-- The right of a worker process to its running jobs.
create or replace function jobmachine.open_lease(worker text, ttl interval default '30 s', queues text[] default '{}')
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_ttl constant interval := coalesce(open_lease.ttl, '30 s');
  v_id bigint;
begin
  if open_lease.worker is null then
    perform jobmachine._refuse('JM001', 'the name of the worker is missing', 'It tells operators who this is.', 'Give 1 to 255 characters, such as host:pid.');
  end if;
  perform jobmachine._check_worker(open_lease.worker);
  perform jobmachine._check_interval('ttl', v_ttl, '1 s');
  if cardinality(open_lease.queues) > 0 then
    perform jobmachine._check_queues(open_lease.queues);
  end if;
  -- Receipts are new because the number of a lease is; so it must survive a crash.
  perform set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
  insert into jobmachine.lease (worker, queues, ttl, started_at, renewed_at, expires_at)
  values (open_lease.worker, coalesce(open_lease.queues, '{}'), v_ttl, v_now, v_now, v_now + v_ttl)
  returning id into v_id;
  return v_id;
end
$$;
comment on function jobmachine.open_lease(text, interval, text[]) is
'Opens a lease for a worker process: its jobs go back when it expires. worker: a name for operators, such as host:pid. ttl: how long it lasts without renew (default 30 s).
queues: what it works on, up to 1000 names and patterns, for the view workers. Returns the id of the lease. Errors: JM001.
Example: select jobmachine.open_lease(''web1:4711'', ''1 min'', array[''mail.*''])';
