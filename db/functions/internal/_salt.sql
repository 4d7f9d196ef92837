-- The moment is in it as a crash can undo an asynchronous claim under a lease that lives on.
create or replace function jobmachine._salt(lease_id bigint, now timestamptz)
returns bigint
language sql stable
as $$
  select lease_id # (pg_catalog.date_part('epoch', now) * 1000000)::bigint
$$;
revoke all on function jobmachine._salt(bigint, timestamptz) from public;
comment on function jobmachine._salt(bigint, timestamptz) is 'What makes the receipts of a claim differ from those of another.';
