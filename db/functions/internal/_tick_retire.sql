-- Retires old segments, once a minute if there are any: everything up to a bound becomes one small first segment
-- that holds the few jobs still needed; the rest is dropped.
create or replace function jobmachine._tick_retire()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_retention interval;
  v_bounds bigint[];
  v_upper bigint;
  v_keep bigint[];
begin
  if (select m.retired_at from jobmachine.meta m) > v_now - interval '1 min' then
    return 5::double precision;
  end if;
  update jobmachine.meta m set retired_at = v_now;
  v_retention := (jobmachine._setting('*')).retention;
  v_bounds := jobmachine._segment_bounds();
  -- A segment is old when the first job behind it is.
  select max(b.upper) into v_upper from unnest(v_bounds) b (upper)
  where (select j.created_at from jobmachine.job j where j.id >= b.upper order by j.id limit 1) <= v_now - v_retention;
  if v_upper is null or v_upper = v_bounds[1] and not jobmachine._first_segment_is_large() then
    return 5::double precision;
  end if;

  select array_agg(k.id) into v_keep
  from (
    select j.id from jobmachine.job j
    left join jobmachine.finished f on f.job_id = j.id
    left join jobmachine.queue q on q.name = j.queue
    where j.id < v_upper and (f.job_id is null or f.finished_at > v_now - coalesce(q.retention, v_retention))
    limit 1001
  ) k;
  if cardinality(v_keep) > 1000 then
    return 5::double precision; -- the purge removes the others one by one
  end if;
  v_keep := coalesce(v_keep, array[]::bigint[]);
  delete from jobmachine.reply r where r.job_id < v_upper and r.job_id <> all (v_keep);
  delete from jobmachine.failed_attempt f where f.job_id < v_upper and f.job_id <> all (v_keep);
  delete from jobmachine.unique_key k where k.job_id < v_upper and k.job_id <> all (v_keep);
  perform jobmachine._retire_segments(v_upper, v_keep);
  return 5::double precision;
exception when lock_not_available then
  return 5::double precision; -- somebody reads or writes; in a minute again
end
$$;
revoke all on function jobmachine._tick_retire() from public;
comment on function jobmachine._tick_retire() is 'Drops segments whose jobs are all older than the retention.';
