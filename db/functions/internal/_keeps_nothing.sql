-- Retention 0: a job of this queue is removed when it is over.
create or replace function jobmachine._keeps_nothing(queue text)
returns boolean
language plpgsql stable
as $$
begin
  return (select s.retention = '0' from jobmachine._setting(_keeps_nothing.queue) s);
end
$$;
revoke all on function jobmachine._keeps_nothing(text) from public;
comment on function jobmachine._keeps_nothing(text) is 'True if jobs of the queue are removed when they are over.';
