create or replace function jobmachine.complete(job_id bigint, receipt bigint, reply jsonb default null) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
