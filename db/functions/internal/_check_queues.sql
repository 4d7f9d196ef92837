-- What claims and sleepers name: queues and patterns, at least one.
create or replace function jobmachine._check_queues(queues text[])
returns void
language plpgsql
as $$
declare
  v_queue text;
begin
  if _check_queues.queues is null or cardinality(_check_queues.queues) = 0 then
    perform jobmachine._refuse('JM001', 'no queue is named', 'The list of queues is null or empty.', 'Name at least one queue or pattern, such as mail.welcome or gl.*.');
  elsif cardinality(_check_queues.queues) > 1000 then
    perform jobmachine._refuse('JM001', 'too many queues', format('%s are named.', cardinality(_check_queues.queues)), 'Name at most 1,000; a pattern such as gl.* covers many.');
  end if;
  foreach v_queue in array _check_queues.queues loop
    -- Any text of that length is a queue or, with a trailing *, a pattern.
    if v_queue is null or length(v_queue) not between 1 and 255 then
      perform jobmachine._check_queue(v_queue);
    end if;
  end loop;
end
$$;
revoke all on function jobmachine._check_queues(text[]) from public;
comment on function jobmachine._check_queues(text[]) is 'Refuses what names neither a queue nor a pattern.';
