create or replace function jobmachine.open_lease(worker text, ttl interval default '30 s', queues text[] default '{}') returns bigint
language plpgsql as $$ begin raise 'stub'; end $$;
