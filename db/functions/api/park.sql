create or replace function jobmachine.park(queues text[]) returns double precision
language plpgsql as $$ begin raise 'stub'; end $$;
