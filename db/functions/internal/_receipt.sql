-- New for every run: a rank is new at every entry into pending, and the salt tells apart two claims of one entry. 53 bits,
-- so that JSON carries it.
create or replace function jobmachine._receipt(rank bigint, salt bigint)
returns bigint
language sql stable
as $$
  select pg_catalog.hashint8extended(rank, salt) & 9007199254740991
$$;
revoke all on function jobmachine._receipt(bigint, bigint) from public;
comment on function jobmachine._receipt(bigint, bigint) is 'The receipt of a run; salt is that of its claim.';
