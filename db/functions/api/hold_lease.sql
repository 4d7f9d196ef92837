create or replace function jobmachine.hold_lease(lease_id bigint) returns void
language plpgsql as $$ begin raise 'stub'; end $$;
