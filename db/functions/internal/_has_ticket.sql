-- Is there a ticket of this queue above its low-water marks?
create or replace function jobmachine._has_ticket(queue text)
returns boolean
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: a sleeper's last look comes after its flag is up.
declare
  v_queue constant text collate "C" := _has_ticket.queue;
begin
  return exists (
    select from generate_series(0, 9) lane (priority)
    cross join lateral (
      select from jobmachine.pending p
      where p.queue = v_queue and p.rank < jobmachine._rank(lane.priority + 1, 0) and p.rank >= jobmachine._rank(lane.priority,
        coalesce((select w.position from jobmachine.low_water w where w.queue = v_queue and w.priority = lane.priority), 0))
      limit 1
    ) p);
end
$$;
revoke all on function jobmachine._has_ticket(text) from public;
comment on function jobmachine._has_ticket(text) is 'True if a queue has a pending ticket.';
