create or replace procedure jobmachine.call(queue text, payload jsonb default '{}', within interval default '30 s',
    inout job_id bigint default null, inout state text default null, inout reply jsonb default null)
language plpgsql as $$ begin raise 'stub'; end $$;
