-- The first queue with a pending ticket from (or, exclusive, after) a name on, within a prefix; null if none.
create or replace function jobmachine._next_queue(prefix text, start text, exclusive boolean)
returns text
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: a sleepers last look comes after its flag is up.
declare
  v_start constant text collate "C" := _next_queue.start;
  v_queue text collate "C";
begin
  if _next_queue.exclusive then
    select p.queue into v_queue from jobmachine.pending p where p.queue > v_start order by p.queue limit 1;
  else
    select p.queue into v_queue from jobmachine.pending p where p.queue >= v_start order by p.queue limit 1;
  end if;
  -- Names with one prefix lie side by side in this collation.
  return case when starts_with(v_queue, _next_queue.prefix) then v_queue end;
end
$$;
revoke all on function jobmachine._next_queue(text, text, boolean) from public;
comment on function jobmachine._next_queue(text, text, boolean) is 'Steps through the queues that have pending tickets.';
