-- Where a ticket goes when its run ends without completing: the rules of the state diagram, in order.
create or replace function jobmachine._next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean)
returns text
language sql immutable
as $$
  select case
    when cancel_requested or outcome = 'cancel' then 'cancelled'
    when outcome = 'release' then 'pending'
    when outcome = 'snooze' then 'scheduled'
    when outcome = 'discard' or used_up then 'failed'
    when delay <= '0' then 'pending'
    -- The first worker that disappears may have been unlucky; after that the job is suspected.
    when outcome = 'crash' and not crashed_before then 'pending'
    else 'scheduled'
  end
$$;
revoke all on function jobmachine._next_state(text, boolean, boolean, interval, boolean) from public;
comment on function jobmachine._next_state(text, boolean, boolean, interval, boolean) is 'Where a ticket goes when its run ends without completing.';
