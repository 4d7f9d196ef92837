-- Does parts of the housekeeping. The lock on the one row of meta lets one in (a right on the table is needed for it, so
-- nobody can fake it), and each part runs by itself: an error in one, logged as a warning, does not stop the rest.
create or replace function jobmachine._tick(parts text[])
returns double precision
language plpgsql
as $$
declare
  v_part text;
  v_wait double precision := 5.0::double precision;
  v_answer double precision;
begin
  perform from jobmachine.meta m for update skip locked;
  if not found then
    return 1::double precision;
  end if;
  foreach v_part in array _tick.parts loop
    begin
      v_answer := case v_part
        when 'due' then jobmachine._tick_due()
        when 'expired' then jobmachine._tick_expired()
        when 'overdue' then jobmachine._tick_overdue()
        when 'leases' then jobmachine._tick_leases()
        when 'low_water' then jobmachine._tick_low_water()
        when 'segments' then jobmachine._tick_segments()
        when 'purge' then jobmachine._tick_purge()
        when 'retire' then jobmachine._tick_retire()
      end;
      v_wait := least(v_wait, v_answer);
    exception when others then
      raise warning 'jobmachine: tick: %: % (%)', v_part, sqlerrm, sqlstate;
      v_wait := least(v_wait, 1.0);
    end;
  end loop;
  update jobmachine.meta m set ticked_at = jobmachine._now() where m.ticked_at < jobmachine._now() - interval '0.9 s' and 'due' = any (_tick.parts);
  return greatest(0.0, v_wait);
end
$$;
revoke all on function jobmachine._tick(text[]) from public;
comment on function jobmachine._tick(text[]) is 'Does parts of the housekeeping; seconds until it wants to be called again.';
