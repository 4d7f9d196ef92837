-- Moves the low-water marks, so that claims do not walk over dead tickets that a long snapshot keeps from being vacuumed.
-- A mark may pass only positions that cannot appear any more. In one tick: P, the last position drawn; L, the
-- transactions that may have drawn one and not committed (they hold the lock on pending); then, with a fresh snapshot,
-- a candidate for each lane. In a later one, when none of L is under way any more, the candidate becomes the mark.
create or replace function jobmachine._tick_low_water()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_meta jobmachine.meta;
  v_position bigint;
  v_waiting text[];
begin
  select m.* into v_meta from jobmachine.meta m;
  select s.last_value - (not s.is_called)::integer into v_position from jobmachine.position s;
  -- Each look must be a fresh one; and it is worth it only after some churn.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted')
    or v_meta.low_water_waiting_for is null and v_position < v_meta.low_water_position + 1000
    or v_meta.low_water_checked_at > v_now - interval '0.5 s'
  then
    return 5::double precision;
  end if;
  v_waiting := jobmachine._pending_writers();

  if v_meta.low_water_waiting_for is not null then
    if v_meta.low_water_server_start is distinct from pg_postmaster_start_time() then
      update jobmachine.low_water w set candidate = null where w.candidate is not null;
    elsif v_meta.low_water_waiting_for && v_waiting then
      return 1::double precision;
    end if;
    update jobmachine.low_water w
    set position = least(w.candidate, (select min(p.position) from jobmachine.pending p where p.queue = w.queue and p.priority = w.priority and p.position >= w.position)),
      candidate = null
    where w.candidate is not null;
  end if;

  -- Lanes that are busy now; the others have no mark and need none.
  insert into jobmachine.low_water (queue, priority)
  select distinct j.queue, j.priority
  from (select j.queue, j.priority from jobmachine.job j where j.id > greatest(v_meta.low_water_position, v_position - 2000) and j.id <= v_position limit 2000) j
  on conflict do nothing;
  v_waiting := jobmachine._pending_writers();
  if '-1' = any (v_waiting) then
    v_waiting := null; -- a prepared transaction cannot be followed
  else
    update jobmachine.low_water w set candidate = c.position
    from (
      select w.queue, w.priority, least(v_position + 1,
        (select min(p.position) from jobmachine.pending p where p.queue = w.queue and p.priority = w.priority and p.position >= w.position)) as position
      from jobmachine.low_water w
    ) c
    where w.queue = c.queue and w.priority = c.priority and c.position >= w.position + 1000;
  end if;
  update jobmachine.meta m set low_water_position = v_position, low_water_waiting_for = v_waiting, low_water_server_start = pg_postmaster_start_time(),
    low_water_checked_at = v_now;
  return 1::double precision;
end
$$;
revoke all on function jobmachine._tick_low_water() from public;
comment on function jobmachine._tick_low_water() is 'Moves low-water marks, in two steps.';
