-- The settings of a queue with every default filled in: one row. In SQL, and a set, so that it becomes part of the
-- statement that asks.
create or replace function jobmachine._setting(queue text)
returns setof jobmachine.queue
language sql stable
as $$
  select _setting.queue collate "C", coalesce(q.paused_at, d.paused_at), coalesce(q.max_attempts, d.max_attempts, 25::smallint), coalesce(q.backoff, d.backoff, '1 s'),
    coalesce(q.backoff_factor, d.backoff_factor, 2), coalesce(q.backoff_max, d.backoff_max, '1 h'), coalesce(q.timeout, d.timeout, '30 min'),
    coalesce(q.retention, d.retention, '30 days')
  from (values (true)) one
  left join jobmachine.queue q on q.name = _setting.queue collate "C"
  left join jobmachine.queue d on d.name = '*'
$$;
revoke all on function jobmachine._setting(text) from public;
comment on function jobmachine._setting(text) is 'Settings of a queue, defaults filled in.';
