-- A session remembers which bells it sleeps on, since pg_locks is slow to read. Locks of a session outlive a rollback and
-- its settings do not, so once a second it looks: false means, look into pg_locks.
create or replace function jobmachine._trust_memory(kind text)
returns boolean
language plpgsql
as $$
declare
  v_name constant text := 'jobmachine_session.looked_' || _trust_memory.kind;
  v_looked constant text := current_setting(v_name, true);
  v_now constant double precision := extract(epoch from clock_timestamp())::double precision;
begin
  if v_looked <> '' and v_now - v_looked::double precision between 0 and 1 then
    return true;
  end if;
  perform set_config(v_name, v_now::text, false);
  return false;
end
$$;
revoke all on function jobmachine._trust_memory(text) from public;
comment on function jobmachine._trust_memory(text) is 'True if this session has looked into pg_locks within the last second.';
