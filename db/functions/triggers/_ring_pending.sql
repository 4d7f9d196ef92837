-- Once a statement: the bell of every queue that got a ticket, and the wide one for patterns.
create or replace function jobmachine._ring_pending()
returns trigger
language plpgsql
as $$
begin
  perform jobmachine._ring(b.bell, 'queue')
  from (
    select distinct n.queue as bell from new_ticket n
    union all
    select '*' where exists (select from new_ticket)
  ) b;
  return null;
end
$$;
revoke all on function jobmachine._ring_pending() from public;
comment on function jobmachine._ring_pending() is 'Wakes sleepers for new tickets in pending.';

create or replace trigger ring after insert on jobmachine.pending
  referencing new table as new_ticket for each statement execute function jobmachine._ring_pending();
