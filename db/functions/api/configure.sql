create or replace function jobmachine.configure(queue text, max_attempts int default null, backoff interval default null, backoff_factor double precision default null,
    backoff_max interval default null, timeout interval default null, retention interval default null) returns setof jobmachine.queues
language plpgsql as $$ begin raise 'stub'; end $$;
