create or replace function jobmachine.claim(queue text, n int default 1, lease_id bigint default null, ttl interval default '5 min', worker text default null) returns setof jobmachine.claimed_job
language plpgsql as $$ begin raise 'stub'; end $$;
