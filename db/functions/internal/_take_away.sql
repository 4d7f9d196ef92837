-- Ends runs whose workers did not end them.
create or replace function jobmachine._take_away(job_ids bigint[], receipts bigint[], outcome text, error text)
returns void
language sql volatile
as $$
  select jobmachine._end_attempt(job_ids, receipts, pg_catalog.array_fill(outcome, array[pg_catalog.cardinality(job_ids)]),
    pg_catalog.array_fill(error, array[pg_catalog.cardinality(job_ids)]), null, null)
$$;
revoke all on function jobmachine._take_away(bigint[], bigint[], text, text) from public;
comment on function jobmachine._take_away(bigint[], bigint[], text, text) is 'Ends attempts as timeout or crash.';
