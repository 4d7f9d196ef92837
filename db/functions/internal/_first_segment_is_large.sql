-- The first segment holds what retired ones left over; it is worth rebuilding only when it has grown.
create or replace function jobmachine._first_segment_is_large()
returns boolean
language sql volatile
as $$
  select coalesce(pg_catalog.bool_or(pg_catalog.pg_relation_size(i.inhrelid) > 10000000), false)
  from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent in ('jobmachine.job'::regclass, 'jobmachine.finished'::regclass) and pg_catalog.pg_get_expr(c.relpartbound, c.oid) like '%MINVALUE%'
$$;
revoke all on function jobmachine._first_segment_is_large() from public;
comment on function jobmachine._first_segment_is_large() is 'True if the first segment has over 10 MB.';
