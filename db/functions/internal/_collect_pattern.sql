-- The same for a pattern: its queues take turns, so that a full one does not starve those after it in the alphabet.
-- Where the turn stands is remembered by the session.
create or replace function jobmachine._collect_pattern(pattern text, n integer, now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_prefix constant text collate "C" := left(_collect_pattern.pattern, -1);
  v_last constant text collate "C" := coalesce(current_setting('jobmachine_session.turn', true), '');
  v_queue text collate "C";
  v_found tid[];
  v_tickets tid[] := array[]::tid[];
  v_wrapped boolean := not starts_with(v_last, v_prefix);
begin
  v_queue := case when v_wrapped then jobmachine._next_queue(v_prefix, v_prefix, false) else jobmachine._next_queue(v_prefix, v_last, true) end;
  loop
    if v_queue is null and not v_wrapped then
      v_wrapped := true;
      v_queue := jobmachine._next_queue(v_prefix, v_prefix, false);
      continue;
    end if;
    exit when v_queue is null or cardinality(v_tickets) >= _collect_pattern.n;
    v_found := jobmachine._collect(v_queue, _collect_pattern.n - cardinality(v_tickets), _collect_pattern.now, null);
    v_tickets := v_tickets || v_found;
    if cardinality(v_found) > 0 then
      perform set_config('jobmachine_session.turn', v_queue, false);
    end if;
    exit when v_wrapped and v_queue >= v_last and starts_with(v_last, v_prefix);
    v_queue := jobmachine._next_queue(v_prefix, v_queue, true);
  end loop;
  return v_tickets;
end
$$;
revoke all on function jobmachine._collect_pattern(text, integer, timestamptz) from public;
comment on function jobmachine._collect_pattern(text, integer, timestamptz) is 'Locks tickets of the queues that match a pattern.';
