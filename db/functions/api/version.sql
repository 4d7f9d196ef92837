create or replace function jobmachine.version() returns text
language plpgsql as $$ begin raise 'stub'; end $$;
