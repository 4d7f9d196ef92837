-- A bell is named by a queue, or by a name that ends in * and so is none: * (any queue), tick*, reply17*.
-- 64 bits of schema and name make two independent keys, A and B.
create or replace function jobmachine._key_a(bell text)
returns integer
language sql immutable
as $$
  select (pg_catalog.hashtextextended('jobmachine.' || bell, 0) << 32 >> 32)::integer
$$;
revoke all on function jobmachine._key_a(text) from public;
comment on function jobmachine._key_a(text) is 'Key A of a bell: the lower half of its hash.';
