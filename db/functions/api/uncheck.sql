create or replace function jobmachine.uncheck(job_id bigint) returns void
language plpgsql as $$ begin raise 'stub'; end $$;
