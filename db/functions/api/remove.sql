create or replace function jobmachine.remove(job_id bigint) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
