-- Is there nothing to refuse in what every send has: a queue, a payload or an array of them, a priority and headers? One expression
-- without a call, so that the common send takes the shortest way.
create or replace function jobmachine._is_plain(queue text, payload anyelement, priority integer, headers jsonb)
returns boolean
language sql stable
as $$
  select queue is not null and pg_catalog.length(queue) between 1 and 255 and pg_catalog.right(queue, 1) <> '*'
    and not jobmachine._suspicious(payload) and (priority is null or priority between 0 and 9) and coalesce(headers, '{}') = '{}'
$$;
revoke all on function jobmachine._is_plain(text, anyelement, integer, jsonb) from public;
comment on function jobmachine._is_plain(text, anyelement, integer, jsonb) is 'True if a send needs no closer look.';
