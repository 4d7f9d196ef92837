-- The settings of a queue with every default filled in.
create or replace function jobmachine._setting(queue text)
returns jobmachine.queue
language plpgsql stable
as $$
declare
  v_queue constant text collate "C" := _setting.queue;
  v_setting jobmachine.queue;
begin
  select v_queue, coalesce(q.paused_at, d.paused_at), coalesce(q.max_attempts, d.max_attempts, 25::smallint), coalesce(q.backoff, d.backoff, '1 s'),
    coalesce(q.backoff_factor, d.backoff_factor, 2), coalesce(q.backoff_max, d.backoff_max, '1 h'), coalesce(q.timeout, d.timeout, '30 min'),
    coalesce(q.retention, d.retention, '30 days')
  into v_setting
  from (values (true)) one
  left join jobmachine.queue q on q.name = v_queue
  left join jobmachine.queue d on d.name = '*';
  return v_setting;
end
$$;
revoke all on function jobmachine._setting(text) from public;
comment on function jobmachine._setting(text) is 'Settings of a queue, defaults filled in.';
