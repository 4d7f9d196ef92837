-- Do two names or patterns have queues in common?
create or replace function jobmachine._overlap(a text, b text)
returns boolean
language sql immutable
as $$
  select a = b
    or pg_catalog.right(a, 1) = '*' and pg_catalog.starts_with(b, pg_catalog.left(a, -1))
    or pg_catalog.right(b, 1) = '*' and pg_catalog.starts_with(a, pg_catalog.left(b, -1))
$$;
revoke all on function jobmachine._overlap(text, text) from public;
comment on function jobmachine._overlap(text, text) is 'True if a queue may be meant by both.';
