-- Makes this session hold exactly the given keys of a class; session locks count, so none is taken twice.
create or replace function jobmachine._hold_keys(class integer, keys integer[])
returns void
language plpgsql
as $$
declare
  v_held constant integer[] := jobmachine._held_keys(_hold_keys.class);
begin
  perform pg_advisory_lock_shared(_hold_keys.class, k.key)
  from (select distinct k.key from unnest(_hold_keys.keys) k (key)) k
  where k.key <> all (v_held);
  perform pg_advisory_unlock_shared(_hold_keys.class, h.key)
  from unnest(v_held) h (key)
  where h.key <> all (_hold_keys.keys);
end
$$;
revoke all on function jobmachine._hold_keys(integer, integer[]) from public;
comment on function jobmachine._hold_keys(integer, integer[]) is 'Takes the missing keys of a class and drops the others.';
