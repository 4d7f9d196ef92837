-- The same for many. Who claims a batch beside others begins where the last one ended: from the low-water mark on he would go
-- through all that the others hold, and all that is dead and not yet known to be, the more the more workers there are. What
-- lies behind, as a sender may have committed late, is looked at if there is not enough, and in every quarter of a second.
-- Where that is stands in two sequences: they are beside transactions, so the others see it at once. It is a hint; what is
-- wrong in it, after a rollback or two at the same time, lasts until the front is looked at again.
create or replace function jobmachine._collect_batch(queue text, n integer, now timestamptz)
returns tid[]
language plpgsql
as $$
declare
  v_moment bigint := hashtextextended(_collect_batch.queue, (date_part('epoch', _collect_batch.now) * 4)::bigint);
  v_full boolean := false;
  v_tickets tid[];
  v_end bigint;
begin
  if pg_sequence_last_value('jobmachine.batch_front') = v_moment then
    v_tickets := jobmachine._collect(_collect_batch.queue, _collect_batch.n, _collect_batch.now, pg_sequence_last_value('jobmachine.batch_end') + 1);
    v_full := cardinality(v_tickets) = _collect_batch.n;
  end if;
  if not v_full then -- what is locked by now is ours, and found again
    v_tickets := jobmachine._collect(_collect_batch.queue, _collect_batch.n, _collect_batch.now);
  end if;
  if cardinality(v_tickets) = _collect_batch.n then
    v_end := (select p.rank from jobmachine.pending p where p.ctid = v_tickets[_collect_batch.n]);
    if pg_sequence_last_value('jobmachine.batch_front') = v_moment then
      v_end := greatest(v_end, pg_sequence_last_value('jobmachine.batch_end'));
    end if;
    v_end := setval('jobmachine.batch_end', v_end); -- expressions, much cheaper than perform
    if not v_full then
      v_moment := setval('jobmachine.batch_front', v_moment);
    end if;
  end if;
  return v_tickets;
end
$$;
revoke all on function jobmachine._collect_batch(text, integer, timestamptz) from public;
comment on function jobmachine._collect_batch(text, integer, timestamptz) is 'Locks many tickets of a queue for a claim, not in the way of other such claims.';
