-- New for every run: a position is new at every entry into pending, and the moment tells apart two claims of one entry, when
-- a crash has undone an asynchronous one under a lease that lives on. 53 bits, so that JSON carries it.
create or replace function jobmachine._receipt("position" bigint, lease_id bigint, now timestamptz)
returns bigint
language sql stable
as $$
  select pg_catalog.hashint8extended("position", lease_id # (extract(epoch from now) * 1000000)::bigint) & 9007199254740991
$$;
revoke all on function jobmachine._receipt(bigint, bigint, timestamptz) from public;
comment on function jobmachine._receipt(bigint, bigint, timestamptz) is 'The receipt of a run.';
