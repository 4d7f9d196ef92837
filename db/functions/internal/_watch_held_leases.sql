-- Notes which held leases have lost their session lock, and which have it back. Two looks a second apart, with no renewal
-- in between, make a lease expire. Not soon after a server restart, nor while most are unseen at once: then it is
-- the connections that are gone, not the workers. pg_locks, never a try-lock: a session's own locks do not conflict.
create or replace function jobmachine._watch_held_leases(now timestamptz)
returns void
language plpgsql
as $$
declare
  v_held bigint;
  v_unseen bigint[];
begin
  if not exists (select from jobmachine.lease l where l.held_at is not null) then
    return;
  end if;
  with seen as materialized (
    select (k.objid::bigint << 32 >> 32)::integer as key from pg_locks k
    where k.locktype = 'advisory' and k.classid = jobmachine._lock_class('lease')::oid and k.objsubid = 2 and k.granted
      and k.database = (select d.oid from pg_database d where d.datname = current_database())
  )
  select count(*), array_agg(l.id) filter (where jobmachine._lease_key(l.id) not in (select s.key from seen s))
  into v_held, v_unseen
  from jobmachine.lease l where l.held_at is not null;
  if pg_postmaster_start_time() > clock_timestamp() - interval '30 s' or v_held > 2 and 2 * cardinality(v_unseen) > v_held then
    v_unseen := null;
  end if;
  update jobmachine.lease l set unseen_since = case when l.id = any (v_unseen) then _watch_held_leases.now end
  where l.id = any (array(
    select c.id from jobmachine.lease c
    where c.unseen_since is not null and c.id <> all (coalesce(v_unseen, '{}'))
      or c.id = any (v_unseen) and (c.unseen_since is null or c.renewed_at >= c.unseen_since)
    order by c.id for update skip locked));
end
$$;
revoke all on function jobmachine._watch_held_leases(timestamptz) from public;
comment on function jobmachine._watch_held_leases(timestamptz) is 'Notes held leases whose session is gone.';
