-- The other key of a bell, independent of key A.
create or replace function jobmachine._key_b(bell text)
returns integer
language sql immutable
as $$
  select (pg_catalog.hashtextextended('jobmachine.' || bell, 0) >> 32)::integer
$$;
revoke all on function jobmachine._key_b(text) from public;
comment on function jobmachine._key_b(text) is 'Key B of a bell: the upper half of its hash.';
