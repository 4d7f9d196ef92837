-- Tick comes by at least every five seconds; only what is due sooner needs to wake it.
create or replace function jobmachine._ring_scheduled()
returns trigger
language plpgsql
as $$
begin
  if (select min(n.due_at) from new_ticket n) < jobmachine._now() + interval '5 s' then
    perform jobmachine._ring('tick*', 'queue');
  end if;
  return null;
end
$$;
revoke all on function jobmachine._ring_scheduled() from public;
comment on function jobmachine._ring_scheduled() is 'Wakes who would tick too late for new tickets in scheduled.';

create or replace trigger ring after insert on jobmachine.scheduled
  referencing new table as new_ticket for each statement execute function jobmachine._ring_scheduled();
