-- Moves the low-water marks, so that claims do not walk over dead tickets that a long snapshot keeps from being vacuumed.
-- A mark may pass only positions that cannot appear any more. In one tick: P, the last position drawn; L, the
-- transactions that may have drawn one and not committed (they hold the lock on pending); then, in a fresh snapshot,
-- a candidate for each lane. When none of L is under way any more, at once or in a later tick, the candidates become marks.
create or replace function jobmachine._tick_low_water()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_meta jobmachine.meta;
  v_position bigint;
  v_writers text[];
begin
  select m.* into v_meta from jobmachine.meta m;
  -- Each look must be a fresh one, which a snapshot of the transaction's would not be.
  if v_meta.low_water_checked_at > v_now - interval '0.5 s' or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    return 5::double precision;
  end if;
  if v_meta.low_water_verified_at < v_now - interval '1 min' then
    perform jobmachine._verify_low_water();
  end if;
  if v_meta.low_water_waiting_for is not null then
    if v_meta.low_water_server_start is distinct from pg_postmaster_start_time() then
      update jobmachine.low_water w set candidate = null where w.candidate is not null; -- their names mean nothing after a restart
    elsif not jobmachine._confirm_low_water(v_meta.low_water_waiting_for) then
      return 1::double precision;
    end if;
  end if;

  select s.last_value - (not s.is_called)::integer into v_position from jobmachine.position s;
  v_writers := jobmachine._pending_writers();
  if '-1' = any (v_writers) then
    v_writers := null; -- a prepared transaction cannot be followed
  else
    perform jobmachine._note_low_water(v_meta.low_water_position, v_position);
    perform jobmachine._confirm_low_water(v_writers); -- most are gone by now
  end if;
  update jobmachine.meta m set low_water_position = v_position, low_water_server_start = pg_postmaster_start_time(), low_water_checked_at = v_now,
    low_water_waiting_for = case when exists (select from jobmachine.low_water w where w.candidate is not null) then v_writers end
  where v_position > v_meta.low_water_position or v_meta.low_water_waiting_for is not null
    or exists (select from jobmachine.low_water w where w.candidate is not null);
  return 5::double precision;
end
$$;
revoke all on function jobmachine._tick_low_water() from public;
comment on function jobmachine._tick_low_water() is 'Moves low-water marks.';
