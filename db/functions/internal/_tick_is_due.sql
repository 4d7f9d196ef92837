-- Has nobody called tick for so many seconds? Each session asks the table at most once a second: a busy one claims
-- thousands of times, and under a held snapshot old versions of the row pile up.
create or replace function jobmachine._tick_is_due(now timestamptz, seconds integer)
returns boolean
language plpgsql
as $$
declare
  v_asked constant text := current_setting('jobmachine_session.asked', true);
  v_epoch constant double precision := extract(epoch from _tick_is_due.now)::double precision;
begin
  if v_asked <> '' and v_epoch - v_asked::double precision between 0 and 1 then
    return false;
  end if;
  perform set_config('jobmachine_session.asked', v_epoch::text, false);
  return (select m.ticked_at from jobmachine.meta m) < _tick_is_due.now - make_interval(secs => _tick_is_due.seconds);
end
$$;
revoke all on function jobmachine._tick_is_due(timestamptz, integer) from public;
comment on function jobmachine._tick_is_due(timestamptz, integer) is 'True if tick has not been called for some seconds.';
