-- Removes finished jobs with all that belongs to them.
create or replace function jobmachine._forget(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  delete from jobmachine.finished f where f.job_id = any (_forget.job_ids);
  delete from jobmachine.reply r where r.job_id = any (_forget.job_ids);
  delete from jobmachine.failed_attempt f where f.job_id = any (_forget.job_ids);
  delete from jobmachine.unique_key k using jobmachine.job j
  where j.id = any (_forget.job_ids) and k.queue = j.queue and k.key = j.unique_key and k.job_id = j.id;
  delete from jobmachine.job j where j.id = any (_forget.job_ids);
end
$$;
revoke all on function jobmachine._forget(bigint[]) from public;
comment on function jobmachine._forget(bigint[]) is 'Removes finished jobs, their replies, failed attempts and keys.';
