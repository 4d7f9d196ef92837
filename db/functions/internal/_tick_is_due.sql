-- Has nobody called tick for so many seconds? The session remembers that it has asked.
create or replace function jobmachine._tick_is_due(now timestamptz, seconds integer)
returns boolean
language plpgsql
as $$
begin
  perform set_config('jobmachine_session.asked', date_part('epoch', _tick_is_due.now)::bigint::text, false);
  return (select m.ticked_at from jobmachine.meta m) < _tick_is_due.now - make_interval(secs => _tick_is_due.seconds);
end
$$;
revoke all on function jobmachine._tick_is_due(timestamptz, integer) from public;
comment on function jobmachine._tick_is_due(timestamptz, integer) is 'True if tick has not been called for some seconds.';
