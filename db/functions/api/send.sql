-- Puts a job into a queue, in the caller's transaction.
create or replace function jobmachine.send(queue text, payload jsonb default '{}', priority integer default 5, run_at timestamptz default null,
  delay interval default null, max_attempts integer default null, timeout interval default null, expires_in interval default null,
  unique_key text default null, unique_for interval default null, headers jsonb default '{}', reply_to text default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key_a constant integer := jobmachine._key_a(send.queue);
  v_id bigint;
begin
  -- The common send, a good name and no options but priority, takes the shortest way: one expression and two inserts of a
  -- row. Pending comes first, so its lock is held before a position is drawn: the low-water mark rests on that.
  if jobmachine._is_plain(send.queue, send.payload, send.priority, send.headers)
    and num_nonnulls(send.run_at, send.delay, send.max_attempts, send.timeout, send.expires_in, send.unique_key, send.unique_for, send.reply_to) = 0
  then
    insert into jobmachine.pending (job_id, rank, attempt, queue, rings)
    values (nextval('jobmachine.position'), jobmachine._rank(coalesce(send.priority, 5), currval('jobmachine.position')), 0, send.queue,
      jobmachine._rings(v_key_a))
    returning job_id into v_id;
    insert into jobmachine.job (id, created_at, priority, queue, payload)
    values (v_id, jobmachine._now(), coalesce(send.priority, 5), send.queue, coalesce(send.payload, '{}'));
    return v_id;
  end if;
  return jobmachine._send_with_options(send.queue, send.payload, send.priority, send.run_at, send.delay, send.max_attempts, send.timeout,
    send.expires_in, send.unique_key, send.unique_for, send.headers, send.reply_to);
end
$$;
comment on function jobmachine.send(text, jsonb, integer, timestamptz, interval, integer, interval, interval, text, interval, jsonb, text) is
'Puts a job into a queue, in the caller''s transaction, and returns its ticket number.
queue: 1 to 255 characters, not ending in *. payload: up to 1 MB. priority: 0 first, 9 last. run_at or delay: not before; a past time means now.
max_attempts: 1 to 10000 (default 25). timeout of one attempt (default 30 min, 0 = none). expires_in: not started by then: failed, reason expired.
unique_key: one unfinished job per queue and key; with unique_for the key holds that long from now, finished or not; a duplicate returns the id of the first.
headers: a flat object, up to 8 kB. reply_to: this queue gets a job {"job_id", "state", "reply", "error"} when the job is over.
Null means the default. Errors: JM001 invalid argument, JM002 too large.
Example: select jobmachine.send(''mail.welcome'', ''{"to": "a@b.c"}'', delay => ''1 min'')';
