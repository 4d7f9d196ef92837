-- Puts a job into a queue, in the caller's transaction.
create or replace function jobmachine.send(queue text, payload jsonb default '{}', priority integer default 5, run_at timestamptz default null,
  delay interval default null, max_attempts integer default null, timeout interval default null, expires_in interval default null,
  unique_key text default null, unique_for interval default null, headers jsonb default '{}', reply_to text default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  if jobmachine._suspicious(send.payload) then
    perform jobmachine._check_json('payload', send.payload);
  end if;
  if send.unique_key is not null then
    perform jobmachine._check_key(send.unique_key);
  elsif send.unique_for is not null then
    perform jobmachine._refuse('JM001', 'unique_for without unique_key', 'unique_for says how long a key holds.', 'Give a unique_key too.');
  end if;
  return (jobmachine._insert_jobs(send.queue, array[send.payload], send.priority, send.run_at, send.delay, send.max_attempts, send.timeout,
    send.expires_in, case when send.unique_key is not null then array[send.unique_key] end, send.unique_for, send.headers, send.reply_to))[1];
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
