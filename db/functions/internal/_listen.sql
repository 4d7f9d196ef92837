-- LISTEN is active only after its commit, so a channel that was not listened to before makes the answer true:
-- look again, then park. A cut connection must not look asleep for hours, hence the keepalive.
create or replace function jobmachine._listen(bells text[])
returns boolean
language plpgsql
as $$
declare
  v_channel text;
  v_new boolean := false;
begin
  for v_channel in
    select jobmachine._channel(b.bell) from unnest(_listen.bells) b (bell)
    except
    select c.channel from pg_listening_channels() c (channel)
  loop
    execute format('listen %I', v_channel);
    v_new := true;
  end loop;
  if v_new then
    perform set_config('tcp_keepalives_idle', '10', false);
  end if;
  return v_new;
end
$$;
revoke all on function jobmachine._listen(text[]) from public;
comment on function jobmachine._listen(text[]) is 'LISTENs to the channels of the bells; true if one of them is new.';
