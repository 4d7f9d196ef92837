-- Puts many jobs into a queue, in the caller's transaction.
create or replace function jobmachine.send_many(queue text, payloads jsonb[], priority integer default 5, run_at timestamptz default null,
  delay interval default null, max_attempts integer default null, timeout interval default null, expires_in interval default null,
  unique_keys text[] default null, unique_for interval default null, headers jsonb default '{}', reply_to text default null)
returns bigint[]
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  -- The common ones, as in send.
  if cardinality(send_many.payloads) > 0 and array_ndims(send_many.payloads) = 1
    and jobmachine._is_plain(send_many.queue, send_many.payloads, send_many.priority, send_many.headers)
    and num_nonnulls(send_many.run_at, send_many.delay, send_many.max_attempts, send_many.timeout, send_many.expires_in, send_many.unique_keys,
      send_many.unique_for, send_many.reply_to) = 0
  then
    return jobmachine._insert_pending(send_many.queue, send_many.payloads, coalesce(send_many.priority, 5), null, null, null, null, null);
  end if;
  if send_many.payloads is null then
    perform jobmachine._refuse('JM001', 'payloads are missing', 'payloads is null.', 'Give an array of jsonb; an empty one sends nothing.');
  elsif array_ndims(send_many.payloads) > 1 then
    perform jobmachine._refuse('JM001', 'payloads have more than one dimension', format('They have %s.', array_ndims(send_many.payloads)), 'Give a plain array of jsonb.');
  elsif send_many.unique_keys is not null and cardinality(send_many.unique_keys) <> cardinality(send_many.payloads) then
    perform jobmachine._refuse('JM001', 'unique_keys and payloads differ in length',
      format('%s keys, %s payloads.', cardinality(send_many.unique_keys), cardinality(send_many.payloads)), 'Give one key per payload; null for none.');
  elsif send_many.unique_keys is null and send_many.unique_for is not null then
    perform jobmachine._refuse('JM001', 'unique_for without unique_keys', 'unique_for says how long a key holds.', 'Give unique_keys too.');
  end if;
  if jobmachine._suspicious(send_many.payloads) then
    perform jobmachine._check_json('payload', p.payload) from unnest(send_many.payloads) p (payload) where jobmachine._suspicious(p.payload);
  end if;
  if send_many.unique_keys is not null then
    perform jobmachine._check_key(k.key) from unnest(send_many.unique_keys) k (key) where k.key is not null;
  end if;
  if cardinality(send_many.payloads) = 0 then
    perform jobmachine._check_queue(send_many.queue);
    return array[]::bigint[];
  end if;
  return jobmachine._insert_jobs(send_many.queue, send_many.payloads, send_many.priority, send_many.run_at, send_many.delay, send_many.max_attempts,
    send_many.timeout, send_many.expires_in, send_many.unique_keys, send_many.unique_for, send_many.headers, send_many.reply_to);
end
$$;
comment on function jobmachine.send_many(text, jsonb[], integer, timestamptz, interval, integer, interval, interval, text[], interval, jsonb, text) is
'Puts many jobs into a queue, in the caller''s transaction, and returns their ticket numbers in the order of the payloads.
The options are those of send and count for every job; unique_keys has one key (or null) per payload.
Errors: JM001 invalid argument, JM002 too large; then nothing is stored.
Example: select jobmachine.send_many(''file.digest'', array[''{"path": "a"}'', ''{"path": "b"}'']::jsonb[])';
