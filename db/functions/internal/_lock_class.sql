-- The class ids of our advisory locks (two-integer form); 1785528320 is "jm" in the upper half.
create or replace function jobmachine._lock_class(kind text)
returns integer
language sql immutable
as $$
  select 1785528320 + case kind
    when 'queue' then 1    -- a sleeper on a queue holds key A here, shared
    when 'queue_b' then 2  -- and key B here
    when 'reply' then 3    -- likewise who waits for an answer
    when 'reply_b' then 4
    when 'sending' then 5  -- a sender, until the end of its transaction
    when 'lease' then 6    -- the listening session of a worker
  end
$$;
revoke all on function jobmachine._lock_class(text) from public;
comment on function jobmachine._lock_class(text) is 'Class ids of advisory locks.';
