create or replace function jobmachine.receive(job_id bigint) returns setof jobmachine.answers
language plpgsql as $$ begin raise 'stub'; end $$;
