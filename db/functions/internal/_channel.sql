-- The NOTIFY channel of a bell. Names over 63 bytes are hashed; the * keeps them apart from names of queues.
create or replace function jobmachine._channel(bell text)
returns text
language sql immutable
as $$
  select case when pg_catalog.octet_length('jobmachine.' || bell) <= 63 then 'jobmachine.' || bell
    else pg_catalog.md5('jobmachine.' || bell) || '*' end
$$;
revoke all on function jobmachine._channel(text) from public;
comment on function jobmachine._channel(text) is 'The NOTIFY channel of a bell.';
