-- Locks many tickets of a queue, from where the last batch ended: from the low-water mark on a claim would go through all that
-- others hold, and all that is dead and not yet known to be, the more of it the more workers there are. As a sender may
-- commit late, and a claim be rolled back, each session begins at the mark once in a second.
-- Where the last batch ended stands in two sequences: they are beside transactions, so others see it at once. It is a hint.
create or replace function jobmachine._collect_batch(queue text, n integer, now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_moment bigint := hashtextextended(_collect_batch.queue, date_part('epoch', _collect_batch.now)::bigint);
  v_start bigint;
  v_end bigint;
  v_tickets tid[];
begin
  if pg_sequence_last_value('jobmachine.batch_moment') = v_moment and current_setting('jobmachine_session.batch', true) = v_moment::text then
    v_start := pg_sequence_last_value('jobmachine.batch_end') + 1;
  end if;
  v_tickets := jobmachine._collect(_collect_batch.queue, _collect_batch.n, _collect_batch.now, v_start);
  if cardinality(v_tickets) = _collect_batch.n then
    v_end := (select p.rank from jobmachine.pending p where p.ctid = v_tickets[_collect_batch.n]);
    -- Expressions, much cheaper than perform.
    if pg_sequence_last_value('jobmachine.batch_moment') = v_moment then
      v_end := setval('jobmachine.batch_end', greatest(v_end, pg_sequence_last_value('jobmachine.batch_end')));
    elsif v_start is null then
      v_end := setval('jobmachine.batch_end', v_end);
      v_moment := setval('jobmachine.batch_moment', v_moment);
    end if;
    if v_start is null then
      v_moment := set_config('jobmachine_session.batch', v_moment::text, false)::bigint;
    end if;
  end if;
  return v_tickets;
end
$$;
revoke all on function jobmachine._collect_batch(text, integer, timestamptz) from public;
comment on function jobmachine._collect_batch(text, integer, timestamptz) is 'Locks many tickets of a queue for a claim, not in the way of other such claims.';
