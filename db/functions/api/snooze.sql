create or replace function jobmachine.snooze(job_id bigint, receipt bigint, delay interval) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
