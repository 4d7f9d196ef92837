-- The virtual transactions that hold or wait for the lock of an insert into pending; -1 stands for prepared ones.
create or replace function jobmachine._pending_writers()
returns text[]
language sql volatile
as $$
  select coalesce(pg_catalog.array_agg(case when starts_with(l.virtualtransaction, '-1/') then '-1' else l.virtualtransaction end), '{}')
  from pg_catalog.pg_locks l
  where l.locktype = 'relation' and l.relation = 'jobmachine.pending'::regclass and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
    and l.pid is distinct from pg_catalog.pg_backend_pid()
$$;
revoke all on function jobmachine._pending_writers() from public;
comment on function jobmachine._pending_writers() is 'Transactions that may be inserting into pending.';
