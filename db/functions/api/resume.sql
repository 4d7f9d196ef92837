-- Ends a pause and wakes those who sleep on what waits. It is a sender like any other: it rings after its write.
create or replace function jobmachine.resume(queue text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_name text;
begin
  if resume.queue is distinct from '*' then
    perform jobmachine._check_queue(resume.queue);
  end if;
  update jobmachine.queue q set paused_at = null where q.name = resume.queue collate "C" and q.paused_at is not null;
  if not found then
    return;
  end if;
  if resume.queue = '*' then
    v_name := jobmachine._next_queue('', '', false);
    while v_name is not null loop
      perform jobmachine._ring(v_name, 'queue');
      v_name := jobmachine._next_queue('', v_name, true);
    end loop;
  else
    perform jobmachine._ring(resume.queue, 'queue');
  end if;
  perform jobmachine._ring('*', 'queue');
end
$$;
comment on function jobmachine.resume(text) is
'Ends the pause of a queue; * ends the pause of all, not of those paused by name. Without a pause it does nothing. Errors: JM001. Example: select jobmachine.resume(''mail.welcome'')';
