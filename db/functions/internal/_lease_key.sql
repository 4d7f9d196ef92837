-- Names a lease among the advisory locks.
create or replace function jobmachine._lease_key(lease_id bigint)
returns integer
language sql immutable
as $$
  select jobmachine._key_b('lease' || lease_id || '*')
$$;
revoke all on function jobmachine._lease_key(bigint) from public;
comment on function jobmachine._lease_key(bigint) is 'The advisory lock of a lease.';
