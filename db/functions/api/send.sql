create or replace function jobmachine.send(queue text, payload jsonb default '{}', priority int default 5, run_at timestamptz default null, delay interval default null,
    max_attempts int default null, timeout interval default null, expires_in interval default null, unique_key text default null,
    unique_for interval default null, headers jsonb default '{}', reply_to text default null) returns bigint
language plpgsql as $$ begin raise 'stub'; end $$;
