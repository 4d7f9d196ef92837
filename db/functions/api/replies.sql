create or replace function jobmachine.replies(job_id bigint, after_seq int default 0) returns setof jobmachine.answers
language plpgsql as $$ begin raise 'stub'; end $$;
