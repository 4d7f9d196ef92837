-- The send that has something to check: options, a long payload, or a mistake.
create or replace function jobmachine._send_with_options(queue text, payload jsonb, priority integer, run_at timestamptz, delay interval,
  max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text)
returns bigint
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
begin
  if jobmachine._suspicious(_send_with_options.payload) then
    perform jobmachine._check_json('payload', _send_with_options.payload);
  end if;
  if _send_with_options.unique_key is not null then
    perform jobmachine._check_key(_send_with_options.unique_key);
  elsif _send_with_options.unique_for is not null then
    perform jobmachine._refuse('JM001', 'unique_for without unique_key', 'unique_for says how long a key holds.', 'Give a unique_key too.');
  end if;
  return (jobmachine._insert_jobs(_send_with_options.queue, array[_send_with_options.payload], _send_with_options.priority, _send_with_options.run_at,
    _send_with_options.delay, _send_with_options.max_attempts, _send_with_options.timeout, _send_with_options.expires_in,
    case when _send_with_options.unique_key is not null then array[_send_with_options.unique_key] end, _send_with_options.unique_for,
    _send_with_options.headers, _send_with_options.reply_to))[1];
end
$$;
revoke all on function jobmachine._send_with_options(text, jsonb, integer, timestamptz, interval, integer, interval, interval, text, interval, jsonb, text) from public;
comment on function jobmachine._send_with_options(text, jsonb, integer, timestamptz, interval, integer, interval, interval, text, interval, jsonb, text)
  is 'Sends one job; the arguments are those of send.';
