-- Is a transaction open that has rung one of the bells? It may have looked for sleepers before we were one.
create or replace function jobmachine._sender_under_way(bells text[])
returns boolean
language plpgsql
as $$
declare
  v_key integer;
  v_under_way boolean := false;
begin
  for v_key in select jobmachine._key_a(b.bell) & 1023 from unnest(_sender_under_way.bells) b (bell) loop
    -- Lock and unlock in one expression: no cancel can fall in between.
    if (case when pg_try_advisory_lock(jobmachine._lock_class('sending'), v_key)
      then pg_advisory_unlock(jobmachine._lock_class('sending'), v_key) else false end) is not true
    then
      v_under_way := true;
    end if;
  end loop;
  return v_under_way;
end
$$;
revoke all on function jobmachine._sender_under_way(text[]) from public;
comment on function jobmachine._sender_under_way(text[]) is 'True while an open transaction has rung one of the bells.';
