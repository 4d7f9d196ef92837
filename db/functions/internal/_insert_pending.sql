-- Many at once: jobs that may run at once and have no key. One statement inserts into both tables, so the
-- lock on pending is held before a position is drawn: the low-water mark rests on that.
create or replace function jobmachine._insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer,
  timeout interval, expires_at timestamptz, headers jsonb, reply_to text)
returns bigint[]
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_ids bigint[];
begin
  with sent as (
    insert into jobmachine.job (id, created_at, expires_at, timeout, priority, max_attempts, queue, payload, reply_to, headers)
    select nextval('jobmachine.position'), v_now, _insert_pending.expires_at, _insert_pending.timeout, _insert_pending.priority,
      _insert_pending.max_attempts, _insert_pending.queue, coalesce(p.payload, '{}'), _insert_pending.reply_to, nullif(_insert_pending.headers, '{}')
    from unnest(_insert_pending.payloads) p (payload)
    returning id
  ), ticket as (
    insert into jobmachine.pending (job_id, position, priority, attempt, queue, expires_at, rings)
    select s.id, s.id, _insert_pending.priority, 0, _insert_pending.queue, _insert_pending.expires_at, row_number() over () = 1
    from sent s
  )
  select array_agg(s.id order by s.id) into v_ids
  from sent s;
  return v_ids;
end
$$;
revoke all on function jobmachine._insert_pending(text, jsonb[], integer, integer, interval, timestamptz, jsonb, text) from public;
comment on function jobmachine._insert_pending(text, jsonb[], integer, integer, interval, timestamptz, jsonb, text)
  is 'Stores jobs and their tickets in pending; ids in input order.';
