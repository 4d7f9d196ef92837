-- Retires old segments: everything up to a bound becomes one small first segment that holds the few jobs still needed;
-- the rest is dropped. What belongs to the dropped jobs goes before, a piece a turn. Needed are unfinished jobs, and
-- finished ones that some queue's retention may still keep.
create or replace function jobmachine._tick_retire()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_retention constant interval := (select s.retention from jobmachine._setting('*') s);
  v_longest constant interval := greatest(v_retention, (select max(q.retention) from jobmachine.queue q));
  v_upper bigint;
  v_keep bigint[];
  v_pieces bigint;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    return 5::double precision; -- the look under the locks must be a fresh one
  end if;
  select max(b.upper) into v_upper from unnest(jobmachine._segment_bounds()) b (upper)
  where (select j.created_at from jobmachine.job j where j.id >= b.upper order by j.id limit 1) <= v_now - v_retention;
  select array_agg(k.job_id) into v_keep
  from (
    select s.job_id from jobmachine.scheduled s where s.job_id < v_upper
    union all select p.job_id from jobmachine._pending_before(v_upper) p (job_id)
    union all select r.job_id from jobmachine.running r where r.job_id < v_upper
    union all select f.job_id from jobmachine.finished f where f.job_id < v_upper and f.finished_at > v_now - v_longest
    limit 1001
  ) k;
  update jobmachine.meta m set retired_at = v_now;
  if cardinality(v_keep) > 1000 then
    return 5::double precision; -- the purge removes the others one by one
  end if;
  v_keep := coalesce(v_keep, array[]::bigint[]);
  v_pieces := jobmachine._forget_history(v_upper, v_keep);
  if v_pieces > 0 then
    update jobmachine.meta m set retired_at = '-infinity';
    return 0::double precision;
  end if;
  perform jobmachine._retire_segments(v_upper, v_keep);
  return 0::double precision;
exception when lock_not_available then
  -- Somebody reads or writes: later again.
  update jobmachine.meta m set retired_at = v_now + interval '4 min';
  return 5::double precision;
end
$$;
revoke all on function jobmachine._tick_retire() from public;
comment on function jobmachine._tick_retire() is 'Drops segments whose jobs are all older than the retention.';
