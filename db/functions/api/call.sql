-- Send and wait, for psql and scripts. Its first statement is COMMIT: inside somebody's transaction it fails at once
-- and has done nothing. No notification can reach a running procedure, so it looks: every 1 ms, doubling to 50 ms.
-- Security invoker and without SET, as PostgreSQL forbids COMMIT otherwise.
create or replace procedure jobmachine.call(queue text, payload jsonb default '{}', within interval default '30 s',
  inout job_id bigint default null, inout state text default null, inout reply jsonb default null)
language plpgsql
as $$
declare
  v_until timestamptz;
  v_pause double precision := 0.001::double precision;
begin
  commit;
  if within is null or not pg_catalog.isfinite(within) or within < '0' or within > '1 day'
    or pg_catalog.date_part('year', within) <> 0 or pg_catalog.date_part('month', within) <> 0 or pg_catalog.date_part('day', within) not between 0 and 1
  then
    raise exception using errcode = 'JM001', message = 'within is out of range',
      detail = pg_catalog.format('within is %s.', coalesce(within::text, 'null')), hint = 'Give an interval from 0 to 1 day.';
  end if;
  job_id := jobmachine.send(queue, payload);
  commit;
  v_until := pg_catalog.clock_timestamp() + within;
  loop
    select a.state, a.payload into state, reply
    from jobmachine.answers a where a.job_id = call.job_id and a.state <> 'running';
    exit when found or pg_catalog.clock_timestamp() >= v_until;
    commit;
    perform pg_catalog.pg_sleep(v_pause);
    v_pause := least(0.05::double precision, 2 * v_pause);
  end loop;
  if state is null then
    state := coalesce((select s.state from jobmachine.status(job_id) s), 'unknown');
  end if;
end
$$;
comment on procedure jobmachine.call(text, jsonb, interval, bigint, text, jsonb) is
'Sends a job, commits, and waits up to within (default 30 s) for its last answer. Returns job_id, state (completed, failed, cancelled; pending, running or scheduled: the time was up, the answer can be fetched later) and reply.
Cannot run inside a transaction. Errors: JM001, JM002, 2D000 inside a transaction.
Example: call jobmachine.call(''file.digest'', ''{"path": "go.mod"}'', within => ''5 s'')';
