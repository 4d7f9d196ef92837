create or replace function jobmachine.settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[] default null, errors text[] default null, delays interval[] default null) returns text[]
language plpgsql as $$ begin raise 'stub'; end $$;
