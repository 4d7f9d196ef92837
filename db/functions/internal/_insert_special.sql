-- Jobs with a time to run at, or with unique keys. A key is taken by inserting its row; who meets a row of
-- another job gets that job's id and stores nothing. Nothing is locked for a duplicate: a sender that stays open
-- must not hold up the worker that ends the first job.
create or replace function jobmachine._insert_special(queue text, payloads jsonb[], priority integer, due_at timestamptz, max_attempts integer,
  timeout interval, expires_at timestamptz, unique_keys text[], unique_until timestamptz, headers jsonb, reply_to text)
returns bigint[]
language plpgsql
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_mergejoin = off
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_queue constant text collate "C" := _insert_special.queue;
  v_ids bigint[] := array_fill(null::bigint, array[cardinality(_insert_special.payloads)]);
begin
  loop
    delete from jobmachine.unique_key k
    where k.queue = v_queue and k.key = any (_insert_special.unique_keys) and k.until <= v_now;

    with input as materialized (
      select nextval('jobmachine.position') as id, i.n, i.payload, i.key
      from unnest(_insert_special.payloads, _insert_special.unique_keys) with ordinality i (payload, key, n)
      where v_ids[i.n] is null
    ), key as materialized (
      insert into jobmachine.unique_key (queue, key, job_id, until)
      select v_queue, i.key, i.id, _insert_special.unique_until
      from input i
      where i.key is not null
      order by i.key collate "C"
      on conflict do nothing
      returning job_id
    ), fresh as materialized (
      select i.* from input i where i.key is null or i.id in (select k.job_id from key k)
    ), sent as (
      insert into jobmachine.job (id, created_at, expires_at, timeout, priority, max_attempts, queue, payload, unique_key, reply_to, headers)
      select f.id, v_now, _insert_special.expires_at, _insert_special.timeout, _insert_special.priority, _insert_special.max_attempts, v_queue,
        coalesce(f.payload, '{}'), f.key, _insert_special.reply_to, nullif(_insert_special.headers, '{}')
      from fresh f
    ), now_ticket as (
      insert into jobmachine.pending (job_id, rank, attempt, queue, expires_at, rings)
      select f.id, jobmachine._rank(_insert_special.priority, f.id), 0, v_queue, _insert_special.expires_at, row_number() over () = 1
      from fresh f where _insert_special.due_at is null
    ), later_ticket as (
      insert into jobmachine.scheduled (job_id, due_at, priority, attempt, queue, expires_at)
      select f.id, _insert_special.due_at, _insert_special.priority, 0, v_queue, _insert_special.expires_at
      from fresh f where _insert_special.due_at is not null
    )
    select array_agg(coalesce(v_ids[i.n], f.id) order by i.n) into v_ids
    from generate_series(1, cardinality(v_ids)) i (n)
    left join fresh f on f.n = i.n;
    exit when array_position(v_ids, null) is null;

    -- Duplicates: the holders, in a fresh snapshot. One that has ended in between is tried again.
    select array_agg(coalesce(v_ids[i.n], k.job_id) order by i.n) into v_ids
    from unnest(_insert_special.unique_keys) with ordinality i (key, n)
    left join jobmachine.unique_key k on v_ids[i.n] is null and k.queue = v_queue and k.key = i.key collate "C"
      and (k.until is null or k.until > v_now);
    exit when array_position(v_ids, null) is null;
  end loop;
  return v_ids;
end
$$;
revoke all on function jobmachine._insert_special(text, jsonb[], integer, timestamptz, integer, interval, timestamptz, text[], timestamptz, jsonb, text) from public;
comment on function jobmachine._insert_special(text, jsonb[], integer, timestamptz, integer, interval, timestamptz, text[], timestamptz, jsonb, text)
  is 'Stores jobs that are scheduled or unique; ids in input order, of a duplicate the id of the first.';
