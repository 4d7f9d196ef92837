-- Nothing is claimed from a paused queue; sending goes on.
create or replace function jobmachine.pause(queue text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if pause.queue is distinct from '*' then
    perform jobmachine._check_queue(pause.queue);
  end if;
  insert into jobmachine.queue (name, paused_at) values (pause.queue, jobmachine._now())
  on conflict (name) do update set paused_at = coalesce(queue.paused_at, excluded.paused_at);
end
$$;
comment on function jobmachine.pause(text) is
'Stops claims from a queue, * from all of them; sending goes on and running jobs finish. A second pause changes nothing. Errors: JM001. Example: select jobmachine.pause(''mail.welcome'')';
