-- Ties a lease to this session: when the process dies the session does, and tick sees the lock gone.
-- The lock comes before held_at, or a tick in between would miss it.
create or replace function jobmachine.hold_lease(lease_id bigint)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant integer := jobmachine._lease_key(hold_lease.lease_id);
begin
  if v_key <> all (jobmachine._held_keys(jobmachine._lock_class('lease'))) then
    perform pg_advisory_lock_shared(jobmachine._lock_class('lease'), v_key);
  end if;
  update jobmachine.lease l set held_at = jobmachine._now(), unseen_since = null where l.id = hold_lease.lease_id;
  if not found then
    perform pg_advisory_unlock_shared(jobmachine._lock_class('lease'), v_key);
    perform jobmachine._refuse_lease(hold_lease.lease_id);
  end if;
  perform jobmachine._listen(array['lease' || hold_lease.lease_id || '*']);
end
$$;
comment on function jobmachine.hold_lease(bigint) is
'Ties a lease to this session, to be called on the session that LISTENs: if the session dies and does not renew, its jobs run elsewhere within about two seconds instead of after the ttl.
Also LISTENs for cancels: a notification on the channel <schema>.lease<id>* means: call renew. Not for sessions behind a transaction pooler. Errors: JM004.
Example: select jobmachine.hold_lease(7)';
