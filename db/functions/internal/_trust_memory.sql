-- What is slow to find out, such as the bells that a session sleeps on, it remembers. Locks of a session outlive a rollback
-- and its settings do not, so now and then it looks: false means, look, and trust your memory for so many seconds then.
create or replace function jobmachine._trust_memory(kind text, seconds integer default 1)
returns boolean
language plpgsql
as $$
declare
  v_name constant text := 'jobmachine_session.looked_' || _trust_memory.kind;
  v_looked constant text := current_setting(v_name, true);
  v_now constant double precision := date_part('epoch', jobmachine._now());
begin
  if v_looked <> '' and v_now - v_looked::double precision between 0 and _trust_memory.seconds then
    return true;
  end if;
  perform set_config(v_name, v_now::text, false);
  return false;
end
$$;
revoke all on function jobmachine._trust_memory(text, integer) from public;
comment on function jobmachine._trust_memory(text, integer) is 'True if this session has looked within the last seconds.';
