create or replace function jobmachine.retry(job_id bigint, run_at timestamptz default null) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
