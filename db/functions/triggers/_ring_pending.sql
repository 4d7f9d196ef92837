-- The bell of the queue that got a ticket, and the wide one for patterns. Who inserts says whether the ticket rings:
-- most sends look for sleepers before, and of many tickets one of each queue is enough.
create or replace function jobmachine._ring_pending()
returns trigger
language plpgsql
as $$
begin
  if jobmachine._asleep(new.queue, 'queue') then
    perform pg_notify(jobmachine._channel(new.queue), '');
  end if;
  if jobmachine._asleep('*', 'queue') then
    perform pg_notify(jobmachine._channel('*'), '');
  end if;
  return null;
end
$$;
revoke all on function jobmachine._ring_pending() from public;
comment on function jobmachine._ring_pending() is 'Wakes sleepers for a new ticket in pending.';

create or replace trigger ring after insert on jobmachine.pending
  for each row when (new.rings) execute function jobmachine._ring_pending();
