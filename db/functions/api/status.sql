create or replace function jobmachine.status(job_id bigint) returns setof jobmachine.jobs
language plpgsql as $$ begin raise 'stub'; end $$;
