create or replace function jobmachine.resume(queue text) returns void
language plpgsql as $$ begin raise 'stub'; end $$;
