-- Removes finished jobs whose retention is over, and keys whose time is. A cursor walks the finished jobs by id, a bounded
-- piece at a time. Where they are all too young it begins again, at most once a minute.
create or replace function jobmachine._tick_purge()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_meta jobmachine.meta;
  v_cursor bigint;
  v_last bigint;
  v_old bigint[];
  v_oldest timestamptz;
  v_shortest interval;
begin
  select m.* into v_meta from jobmachine.meta m;
  if v_meta.purge_cursor = 0 and v_meta.purged_at > v_now - interval '1 min' then
    return 5::double precision;
  end if;
  delete from jobmachine.unique_key k
  where k.ctid = any (array(select k.ctid from jobmachine.unique_key k where k.until <= v_now limit 1000 for update skip locked));

  v_cursor := jobmachine._skip_fast_segment(v_meta.purge_cursor, v_now);
  select max(f.job_id), array_agg(f.job_id) filter (where f.finished_at <= v_now - f.retention), min(f.finished_at)
  into v_last, v_old, v_oldest
  from (
    select f.job_id, f.finished_at, coalesce(q.retention, d.retention, '30 days') as retention
    from (
      select f.job_id, f.finished_at, f.queue from jobmachine.finished f
      where f.job_id > v_cursor order by f.job_id limit 5000
    ) f
    left join jobmachine.queue q on q.name = f.queue
    left join jobmachine.queue d on d.name = '*'
  ) f;
  if v_old is not null then
    perform jobmachine._forget_finished(v_old);
  end if;
  select least(min(q.retention), interval '30 days') into v_shortest from jobmachine.queue q;
  update jobmachine.meta m set purged_at = v_now,
    purge_cursor = case when v_old is null and v_oldest > v_now - v_shortest then 0 else coalesce(v_last, 0) end;
  return (case when v_old is null then 5 else 0 end)::double precision;
end
$$;
revoke all on function jobmachine._tick_purge() from public;
comment on function jobmachine._tick_purge() is 'Removes what retention does not keep, a piece at a time.';
