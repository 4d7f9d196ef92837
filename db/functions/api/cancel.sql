create or replace function jobmachine.cancel(job_id bigint, reason text default null) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
