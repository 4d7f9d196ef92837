-- Locks tickets of several queues and patterns, in the order given.
create or replace function jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_tickets tid[] := array[]::tid[];
  v_found tid[];
  v_limit integer;
  v_more integer;
begin
  for i in 1 .. cardinality(_collect_queues.queues) loop
    if (length(_collect_queues.queues[i]) between 1 and 255) is not true then
      perform jobmachine._check_queue(_collect_queues.queues[i]);
    end if;
    v_limit := least(_collect_queues.n - cardinality(v_tickets), coalesce(_collect_queues.limits[i], _collect_queues.n));
    continue when v_limit <= 0;
    v_more := 0;
    loop
      v_found := case
        when right(_collect_queues.queues[i], 1) = '*' then jobmachine._collect_pattern(_collect_queues.queues[i], v_limit + v_more, _collect_queues.now)
        when v_limit >= 100 and v_tickets = '{}' then jobmachine._collect_batch(_collect_queues.queues[i], v_limit, _collect_queues.now)
        else jobmachine._collect(_collect_queues.queues[i], v_limit + v_more, _collect_queues.now, null) end;
      exit when v_more > 0 or v_tickets = '{}';
      -- A queue that is named twice, as by a pattern, is found twice: a session's own locks are not skipped. Then more is
      -- asked for, as others may have been left out.
      exit when not exists (select unnest(v_found) intersect select unnest(v_tickets));
      v_more := cardinality(v_tickets);
    end loop;
    if v_more > 0 then
      v_found := array(select f.place from unnest(v_found) with ordinality f (place, n)
        where f.place not in (select unnest(v_tickets)) order by f.n limit v_limit);
    end if;
    v_tickets := v_tickets || v_found;
  end loop;
  return v_tickets;
end
$$;
revoke all on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) from public;
comment on function jobmachine._collect_queues(text[], integer, integer[], timestamptz) is 'Locks tickets for a claim.';
