create or replace function jobmachine.fail(job_id bigint, receipt bigint, error text, detail jsonb default null, retry_in interval default null, permanent boolean default false) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
