-- Belt and braces, once a minute: a ticket below its mark, which cannot be, resets it; and marks of lanes that have been
-- empty for a million positions are dropped.
create or replace function jobmachine._verify_low_water()
returns void
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_reset bigint;
begin
  update jobmachine.low_water w set position = 0, candidate = null
  where w.position > (select jobmachine._position(min(p.rank)) from jobmachine.pending p where p.queue = w.queue
    and p.rank >= jobmachine._rank(w.priority, 0) and p.rank < jobmachine._rank(w.priority + 1, 0));
  get diagnostics v_reset = row_count;
  if v_reset > 0 then
    raise warning 'jobmachine: % low-water marks were too high and have been reset; please report this', v_reset;
  end if;
  delete from jobmachine.low_water w
  where greatest(w.position, w.used) < (select s.last_value from jobmachine.position s) - 1000000
    and (select jobmachine._position(min(p.rank)) from jobmachine.pending p where p.queue = w.queue
      and p.rank >= jobmachine._rank(w.priority, 0) and p.rank < jobmachine._rank(w.priority + 1, 0)) is null;
  update jobmachine.meta m set low_water_verified_at = v_now;
end
$$;
revoke all on function jobmachine._verify_low_water() from public;
comment on function jobmachine._verify_low_water() is 'Checks every low-water mark against the whole of its lane.';
