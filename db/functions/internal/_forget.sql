-- Removes jobs with all that belongs to them. The caller holds their tickets: has deleted them, or locked them as finished.
create or replace function jobmachine._forget(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  delete from jobmachine.finished f where f.job_id = any (_forget.job_ids);
  perform jobmachine._free_keys(_forget.job_ids, true);
  perform jobmachine._erase(_forget.job_ids);
end
$$;
revoke all on function jobmachine._forget(bigint[]) from public;
comment on function jobmachine._forget(bigint[]) is 'Removes finished jobs, their replies, failed attempts and keys.';
