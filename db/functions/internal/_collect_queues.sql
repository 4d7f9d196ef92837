-- Locks tickets of several queues and patterns, in the order given.
create or replace function jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_tickets tid[] := array[]::tid[];
  v_limit integer;
begin
  for i in 1 .. cardinality(_collect_queues.queues) loop
    v_limit := least(_collect_queues.n - cardinality(v_tickets), coalesce(_collect_queues.limits[i], _collect_queues.n));
    continue when v_limit <= 0;
    -- No queue is called like a pattern, so for one the first name finds nothing.
    continue when exists (select from jobmachine.queue q where q.name in (_collect_queues.queues[i] collate "C", '*') and q.paused_at is not null);
    v_tickets := v_tickets || case
      when right(_collect_queues.queues[i], 1) = '*' then jobmachine._collect_pattern(_collect_queues.queues[i], v_limit, _collect_queues.now)
      else jobmachine._collect(_collect_queues.queues[i], v_limit, _collect_queues.now) end;
  end loop;
  if cardinality(_collect_queues.queues) = 1 then
    return v_tickets;
  end if;
  -- A queue that is named twice, as by a pattern, is locked twice: a session's own locks are not skipped.
  return array(select distinct t.place from unnest(v_tickets) t (place));
end
$$;
revoke all on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) from public;
comment on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) is 'Locks tickets for a claim.';
