create or replace function jobmachine.unpark() returns void
language plpgsql as $$ begin raise 'stub'; end $$;
