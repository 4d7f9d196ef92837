-- The upper bounds of the segments, in order. Read from the catalog, so that it is true whatever happened before.
create or replace function jobmachine._segment_bounds()
returns bigint[]
language sql volatile
as $$
  select pg_catalog.array_agg(b.upper order by b.upper)
  from (
    select pg_catalog.substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'TO [(]''([0-9]+)''[)]')::bigint as upper
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'jobmachine.job'::regclass
  ) b
$$;
revoke all on function jobmachine._segment_bounds() from public;
comment on function jobmachine._segment_bounds() is 'Upper bounds of the segments of job, ascending.';
