-- One number says when a ticket of a queue is to start, and the index compares one number, not two.
create or replace function jobmachine._rank(priority integer, "position" bigint)
returns bigint
language sql immutable
as $$
  select priority::bigint << 59 | "position"
$$;
revoke all on function jobmachine._rank(integer, bigint) from public;
comment on function jobmachine._rank(integer, bigint) is 'The start order of a ticket within its queue: by priority, then by position.';
