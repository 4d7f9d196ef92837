-- PARKED on exactly these bells: from now on every later sender rings. The setting tells this session's own _ring.
create or replace function jobmachine._sleep_on(bells text[], kind text)
returns void
language plpgsql
as $$
begin
  perform jobmachine._hold_keys(jobmachine._lock_class(_sleep_on.kind),
    array(select (jobmachine._bell_key(b.bell) << 32 >> 32)::integer from unnest(_sleep_on.bells) b (bell)));
  perform jobmachine._hold_keys(jobmachine._lock_class(_sleep_on.kind) + 1,
    array(select (jobmachine._bell_key(b.bell) >> 32)::integer from unnest(_sleep_on.bells) b (bell)));
  perform set_config('jobmachine_session.parked',
    case when cardinality(_sleep_on.bells) > 0
      or cardinality(jobmachine._held_keys(jobmachine._lock_class('queue'))) > 0
      or cardinality(jobmachine._held_keys(jobmachine._lock_class('reply'))) > 0 then 'on' else 'off' end, false);
end
$$;
revoke all on function jobmachine._sleep_on(text[], text) from public;
comment on function jobmachine._sleep_on(text[], text) is 'Makes this session a sleeper on the bells, and on no others of the kind.';
