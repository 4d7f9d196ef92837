-- The keys of one class that this session holds.
create or replace function jobmachine._held_keys(class integer)
returns integer[]
language sql volatile
as $$
  select coalesce(pg_catalog.array_agg((l.objid::bigint << 32 >> 32)::integer), '{}')
  from pg_catalog.pg_locks l
  where l.locktype = 'advisory' and l.pid = pg_catalog.pg_backend_pid() and l.classid = class::oid and l.objsubid = 2 and l.mode = 'ShareLock' and l.granted
$$;
revoke all on function jobmachine._held_keys(integer) from public;
comment on function jobmachine._held_keys(integer) is 'The keys of a class of advisory locks that this session holds, shared.';
