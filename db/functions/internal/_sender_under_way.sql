-- Is a transaction open that has rung one of the bells? It may have looked for sleepers before we were one.
create or replace function jobmachine._sender_under_way(bells text[])
returns boolean
language sql volatile
as $$
  select coalesce(pg_catalog.bool_or(
    case when pg_catalog.pg_try_advisory_lock(jobmachine._lock_class('sending'), k.key)
      then not pg_catalog.pg_advisory_unlock(jobmachine._lock_class('sending'), k.key) else true end), false)
  from (select distinct (jobmachine._bell_key(b.bell) & 1023)::integer as key from pg_catalog.unnest(bells) b (bell)) k
$$;
revoke all on function jobmachine._sender_under_way(text[]) from public;
comment on function jobmachine._sender_under_way(text[]) is 'True while an open transaction has rung one of the bells.';
