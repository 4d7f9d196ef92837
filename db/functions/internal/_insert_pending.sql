-- Many at once: jobs that may run at once and have no key. The lock on pending is held before a position is drawn: the
-- low-water mark rests on that.
create or replace function jobmachine._insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer,
  timeout interval, expires_at timestamptz, headers jsonb, reply_to text)
returns bigint[]
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_headers constant jsonb := nullif(_insert_pending.headers, '{}');
  v_priority constant smallint := _insert_pending.priority::smallint;
  v_max_attempts constant smallint := _insert_pending.max_attempts::smallint;
  v_lane constant bigint := jobmachine._rank(_insert_pending.priority, 0);
  v_key_a constant integer := jobmachine._key_a(_insert_pending.queue);
  v_ids bigint[];
begin
  lock table jobmachine.pending in row exclusive mode;
  v_ids := array(select nextval('jobmachine.position') from (select generate_series(1, cardinality(_insert_pending.payloads))) i);
  insert into jobmachine.pending (job_id, rank, attempt, queue, expires_at, rings)
  select i.id, v_lane | i.id, 0, _insert_pending.queue, _insert_pending.expires_at, i.id = v_ids[1] and jobmachine._rings(v_key_a)
  from (select unnest(v_ids)) i (id);
  insert into jobmachine.job (id, created_at, expires_at, timeout, priority, max_attempts, queue, payload, reply_to, headers)
  select i.id, v_now, _insert_pending.expires_at, _insert_pending.timeout, v_priority, v_max_attempts,
    _insert_pending.queue, coalesce(i.payload, '{}'), _insert_pending.reply_to, v_headers
  from (select unnest(v_ids), unnest(_insert_pending.payloads)) i (id, payload);
  return v_ids;
end
$$;
revoke all on function jobmachine._insert_pending(text, jsonb[], integer, integer, interval, timestamptz, jsonb, text) from public;
comment on function jobmachine._insert_pending(text, jsonb[], integer, integer, interval, timestamptz, jsonb, text)
  is 'Stores jobs and their tickets in pending; ids in input order.';
