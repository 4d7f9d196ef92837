-- Wakes who sleeps on a bell, and does nothing if nobody does.
create or replace function jobmachine._ring(bell text, kind text)
returns void
language plpgsql
as $$
begin
  if jobmachine._asleep(_ring.bell, _ring.kind) then
    perform pg_notify(jobmachine._channel(_ring.bell), '');
  end if;
end
$$;
revoke all on function jobmachine._ring(text, text) from public;
comment on function jobmachine._ring(text, text) is 'NOTIFY, if somebody sleeps on the bell; kind is queue or reply.';
