-- Who waits for an answer sleeps on one of 64 bells, by the job's id.
create or replace function jobmachine._ring_answers()
returns trigger
language plpgsql
as $$
begin
  perform jobmachine._ring('reply' || b.bucket || '*', 'reply')
  from (select distinct n.job_id & 63 as bucket from new_answer n) b
  -- A batch has answers on every bell; mostly nobody sleeps there.
  where jobmachine._somebody_may_wait(b.bucket);
  return null;
end
$$;
revoke all on function jobmachine._ring_answers() from public;
comment on function jobmachine._ring_answers() is 'Wakes those who wait for answers.';

create or replace trigger ring after insert on jobmachine.finished
  referencing new table as new_answer for each statement execute function jobmachine._ring_answers();
create or replace trigger ring after insert on jobmachine.reply
  referencing new table as new_answer for each statement execute function jobmachine._ring_answers();
