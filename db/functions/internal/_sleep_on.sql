-- PARKED on exactly these bells: from now on every later sender rings. The setting tells this session's own _ring.
create or replace function jobmachine._sleep_on(bells text[])
returns void
language plpgsql
as $$
declare
  v_bells constant text := (select coalesce(md5(string_agg(b.bell, '|' order by b.bell)), '') from unnest(_sleep_on.bells) b (bell));
begin
  if jobmachine._trust_memory('queue') and current_setting('jobmachine_session.parked', true) = v_bells then
    return;
  end if;
  perform jobmachine._hold_keys(jobmachine._lock_class('queue'),
    array(select jobmachine._key_a(b.bell) from unnest(_sleep_on.bells) b (bell)));
  perform jobmachine._hold_keys(jobmachine._lock_class('queue_b'),
    array(select jobmachine._key_b(b.bell) from unnest(_sleep_on.bells) b (bell)));
  perform set_config('jobmachine_session.parked', v_bells, false);
end
$$;
revoke all on function jobmachine._sleep_on(text[]) from public;
comment on function jobmachine._sleep_on(text[]) is 'Makes this session a sleeper on the bells of queues, and on no others.';
