create or replace function jobmachine.close_lease(lease_id bigint) returns bigint
language plpgsql as $$ begin raise 'stub'; end $$;
