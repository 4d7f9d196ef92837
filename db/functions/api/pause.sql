create or replace function jobmachine.pause(queue text) returns void
language plpgsql as $$ begin raise 'stub'; end $$;
