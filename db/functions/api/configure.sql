-- Settings of a queue; * is the default of every queue.
create or replace function jobmachine.configure(queue text, max_attempts integer default null, backoff interval default null,
  backoff_factor double precision default null, backoff_max interval default null, timeout interval default null, retention interval default null)
returns setof jobmachine.queues
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
  if configure.queue is distinct from '*' then
    perform jobmachine._check_queue(configure.queue);
  end if;
  if configure.max_attempts not between 1 and 10000 then
    perform jobmachine._refuse('JM001', 'max_attempts is out of range', format('max_attempts is %s.', configure.max_attempts), 'Give 1 to 10000.');
  elsif not coalesce(configure.backoff_factor between 1 and 100, true) then
    perform jobmachine._refuse('JM001', 'backoff_factor is out of range', format('backoff_factor is %s.', configure.backoff_factor), 'Give 1 (every wait the same) to 100.');
  end if;
  perform jobmachine._check_interval('backoff', configure.backoff, '0');
  perform jobmachine._check_interval('backoff_max', configure.backoff_max, '0');
  perform jobmachine._check_interval('timeout', configure.timeout, '0');
  perform jobmachine._check_interval('retention', configure.retention, '0');
  insert into jobmachine.queue as q (name, max_attempts, backoff, backoff_factor, backoff_max, timeout, retention)
  values (configure.queue, configure.max_attempts, configure.backoff, configure.backoff_factor, configure.backoff_max, configure.timeout, configure.retention)
  on conflict (name) do update set
    max_attempts = coalesce(excluded.max_attempts, q.max_attempts), backoff = coalesce(excluded.backoff, q.backoff),
    backoff_factor = coalesce(excluded.backoff_factor, q.backoff_factor), backoff_max = coalesce(excluded.backoff_max, q.backoff_max),
    timeout = coalesce(excluded.timeout, q.timeout), retention = coalesce(excluded.retention, q.retention);
  return query select s.* from jobmachine.queues s where s.name = configure.queue collate "C";
end
$$;
comment on function jobmachine.configure(text, integer, interval, double precision, interval, interval, interval) is
'Changes settings of a queue, or with * the default of every queue, and returns its row of the view queues. Null leaves a setting as it is.
max_attempts: 1 to 10000 (default 25). backoff: the wait after the first failed attempt (1 s), each further one backoff_factor (2) times longer, up to backoff_max (1 h).
timeout of one attempt (30 min, 0 = none). retention: how long finished jobs stay (30 days); 0 = removed when they end, with their answers. Errors: JM001.
Example: select * from jobmachine.configure(''mail.welcome'', max_attempts => 5, backoff => ''10 s'')';
