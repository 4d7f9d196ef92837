create or replace function jobmachine.reply(job_id bigint, receipt bigint, payload jsonb) returns text
language plpgsql as $$ begin raise 'stub'; end $$;
