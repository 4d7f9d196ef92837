-- A bell is named by a queue, or by a name that ends in * and so is none: * (any queue), tick*, reply17*.
-- 64 bits of schema and name make two independent keys, A and B.
create or replace function jobmachine._bell_key(bell text)
returns bigint
language sql immutable
as $$
  select pg_catalog.hashtextextended('jobmachine.' || bell, 0)
$$;
revoke all on function jobmachine._bell_key(text) from public;
comment on function jobmachine._bell_key(text) is 'The keys of a bell: A is the lower half, B the upper.';
