-- Who waits for an answer is told of an interim one, too.
create or replace function jobmachine._ring_reply()
returns trigger
language plpgsql
as $$
begin
  if jobmachine._asleep('reply' || (new.job_id & 63) || '*', 'reply') then
    perform pg_notify(jobmachine._channel('reply' || (new.job_id & 63) || '*'), '');
  end if;
  return null;
end
$$;
revoke all on function jobmachine._ring_reply() from public;
comment on function jobmachine._ring_reply() is 'Wakes those who wait for answers of a job.';

create or replace trigger ring after insert on jobmachine.reply for each row execute function jobmachine._ring_reply();
