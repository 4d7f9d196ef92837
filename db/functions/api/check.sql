create or replace function jobmachine.check(job_id bigint) returns double precision
language plpgsql as $$ begin raise 'stub'; end $$;
