-- Locks tickets of several queues and patterns, in the order given.
create or replace function jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_tickets tid[] := array[]::tid[];
  v_limit integer;
begin
  if exists (select from jobmachine.queue q where q.name = '*' and q.paused_at is not null) then
    return v_tickets;
  end if;
  for i in 1 .. cardinality(_collect_queues.queues) loop
    v_limit := least(_collect_queues.n - cardinality(v_tickets), coalesce(_collect_queues.limits[i], _collect_queues.n));
    continue when v_limit <= 0;
    v_tickets := v_tickets || case
      when right(_collect_queues.queues[i], 1) = '*' then jobmachine._collect_pattern(_collect_queues.queues[i], v_limit, _collect_queues.now)
      when not exists (select from jobmachine.queue q where q.name = _collect_queues.queues[i] collate "C" and q.paused_at is not null)
      then jobmachine._collect(_collect_queues.queues[i], v_limit, _collect_queues.now) end;
  end loop;
  -- A queue that is named twice, as by a pattern, is locked twice: a session's own locks are not skipped.
  return case when cardinality(_collect_queues.queues) = 1 then v_tickets else array(select distinct t.place from unnest(v_tickets) t (place)) end;
end
$$;
revoke all on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) from public;
comment on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) is 'Locks tickets for a claim.';
