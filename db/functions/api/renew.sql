create or replace function jobmachine.renew(lease_id bigint, job_ids bigint[] default '{}', receipts bigint[] default '{}') returns setof jobmachine.stop_request
language plpgsql as $$ begin raise 'stub'; end $$;
