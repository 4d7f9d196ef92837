-- Where send and send_many meet: options are checked and times made absolute.
create or replace function jobmachine._insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamptz, delay interval,
  max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text)
returns bigint[]
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_due_at timestamptz;
begin
  perform jobmachine._check_options(_insert_jobs.queue, _insert_jobs.priority, _insert_jobs.run_at, _insert_jobs.delay, _insert_jobs.max_attempts,
    _insert_jobs.timeout, _insert_jobs.expires_in, _insert_jobs.unique_for, _insert_jobs.headers, _insert_jobs.reply_to);
  v_due_at := coalesce(_insert_jobs.run_at, v_now + _insert_jobs.delay);
  if v_due_at <= v_now then
    v_due_at := null;
  end if;
  if v_due_at is null and _insert_jobs.unique_keys is null then
    return jobmachine._insert_pending(_insert_jobs.queue, _insert_jobs.payloads, coalesce(_insert_jobs.priority, 5), _insert_jobs.max_attempts,
      _insert_jobs.timeout, v_now + _insert_jobs.expires_in, _insert_jobs.headers, _insert_jobs.reply_to);
  end if;
  return jobmachine._insert_special(_insert_jobs.queue, _insert_jobs.payloads, coalesce(_insert_jobs.priority, 5), v_due_at, _insert_jobs.max_attempts,
    _insert_jobs.timeout, v_now + _insert_jobs.expires_in, _insert_jobs.unique_keys, v_now + _insert_jobs.unique_for, _insert_jobs.headers, _insert_jobs.reply_to);
end
$$;
revoke all on function jobmachine._insert_jobs(text, jsonb[], integer, timestamptz, interval, integer, interval, interval, text[], interval, jsonb, text) from public;
comment on function jobmachine._insert_jobs(text, jsonb[], integer, timestamptz, interval, integer, interval, interval, text[], interval, jsonb, text)
  is 'Checks the options and stores the jobs; ids in input order.';
