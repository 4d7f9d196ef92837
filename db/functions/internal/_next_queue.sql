-- The first queue with a pending ticket from (or, exclusive, after) a name on, within a prefix; null if none. Queues with
-- low-water marks are looked at from their marks on; between them the index is walked, so dead tickets cost nothing.
create or replace function jobmachine._next_queue(prefix text, start text, exclusive boolean)
returns text
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: a sleeper's last look comes after its flag is up.
declare
  v_prefix constant text collate "C" := _next_queue.prefix;
  -- The least name after another is that name and the least character.
  v_from text collate "C" := _next_queue.start || case when _next_queue.exclusive then chr(1) else '' end;
  v_marked text collate "C";
  v_queue text collate "C";
begin
  loop
    -- Names with one prefix lie side by side in this collation.
    select w.queue into v_marked from jobmachine.low_water w
    where w.queue >= v_from order by w.queue limit 1;
    if not starts_with(v_marked, v_prefix) then
      v_marked := null;
    end if;
    if v_marked is null then
      select p.queue into v_queue from jobmachine.pending p where p.queue >= v_from order by p.queue limit 1;
    else
      select p.queue into v_queue from jobmachine.pending p where p.queue >= v_from and p.queue < v_marked order by p.queue limit 1;
    end if;
    exit when v_queue is not null or v_marked is null;
    if jobmachine._has_ticket(v_marked) then
      v_queue := v_marked;
    end if;
    exit when v_queue is not null;
    v_from := v_marked || chr(1);
  end loop;
  return case when starts_with(v_queue, v_prefix) then v_queue end;
end
$$;
revoke all on function jobmachine._next_queue(text, text, boolean) from public;
comment on function jobmachine._next_queue(text, text, boolean) is 'Steps through the queues that have pending tickets.';
