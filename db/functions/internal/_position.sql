-- The other half of a rank is rank >> 59, the priority.
create or replace function jobmachine._position(rank bigint)
returns bigint
language sql immutable
as $$
  select rank & 576460752303423487 -- 59 bits
$$;
revoke all on function jobmachine._position(bigint) from public;
comment on function jobmachine._position(bigint) is 'The position in a rank.';
