-- Any text of 1 to 255 characters that does not end in * names a queue.
create or replace function jobmachine._check_queue(queue text)
returns void
language plpgsql
as $$
begin
  if _check_queue.queue is null or _check_queue.queue = '' then
    perform jobmachine._refuse('JM001', 'a queue name is missing', 'The queue name is null or empty.', 'Give a name of 1 to 255 characters.');
  elsif length(_check_queue.queue) > 255 then
    perform jobmachine._refuse('JM001', 'the queue name is too long',
      format('It has %s characters and starts with "%s".', length(_check_queue.queue), left(_check_queue.queue, 40)), 'Give a name of 1 to 255 characters.');
  elsif right(_check_queue.queue, 1) = '*' then
    perform jobmachine._refuse('JM001', 'a queue name cannot end in *',
      format('"%s" is a pattern.', _check_queue.queue), 'Patterns are for claim, claim_many and park; name one queue here.');
  end if;
end
$$;
revoke all on function jobmachine._check_queue(text) from public;
comment on function jobmachine._check_queue(text) is 'Refuses what cannot name a queue.';
