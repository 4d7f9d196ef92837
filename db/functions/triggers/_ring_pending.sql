-- Once a statement: the bell of every queue that got a ticket, and the wide one for patterns.
create or replace function jobmachine._ring_pending()
returns trigger
language plpgsql
as $$
declare
  v_queue text;
  v_last text;
begin
  select min(n.queue), max(n.queue) into v_queue, v_last from new_ticket n;
  if v_queue is null then
    return null;
  end if;
  if v_queue <> v_last then
    perform jobmachine._ring(b.queue, 'queue') from (select distinct n.queue from new_ticket n) b;
  elsif jobmachine._asleep(v_queue, 'queue') then -- an expression, much cheaper than perform
    perform pg_notify(jobmachine._channel(v_queue), '');
  end if;
  if jobmachine._asleep('*', 'queue') then
    perform pg_notify(jobmachine._channel('*'), '');
  end if;
  return null;
end
$$;
revoke all on function jobmachine._ring_pending() from public;
comment on function jobmachine._ring_pending() is 'Wakes sleepers for new tickets in pending.';

create or replace trigger ring after insert on jobmachine.pending
  referencing new table as new_ticket for each statement execute function jobmachine._ring_pending();
