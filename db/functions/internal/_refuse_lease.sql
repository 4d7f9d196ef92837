-- The error for a lease that is gone.
create or replace function jobmachine._refuse_lease(lease_id bigint)
returns void
language plpgsql
as $$
begin
  perform jobmachine._refuse('JM004', 'the lease is gone', format('There is no lease %s: it expired or was closed, or never was.', coalesce(_refuse_lease.lease_id::text, 'null')),
    'Stop the jobs that ran under it and open a new one with open_lease.');
end
$$;
revoke all on function jobmachine._refuse_lease(bigint) from public;
comment on function jobmachine._refuse_lease(bigint) is 'Raises JM004.';
