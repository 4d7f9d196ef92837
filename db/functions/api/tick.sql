create or replace function jobmachine.tick() returns double precision
language plpgsql as $$ begin raise 'stub'; end $$;
