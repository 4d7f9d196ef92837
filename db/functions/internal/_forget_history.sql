-- Deletes replies and failed attempts of jobs below a bound, but for some, a piece at a time; how many there were.
create or replace function jobmachine._forget_history(upper bigint, keep bigint[])
returns bigint
language plpgsql
as $$
declare
  v_replies bigint;
  v_attempts bigint;
begin
  delete from jobmachine.reply r
  where r.ctid = any (array(
    select r.ctid from jobmachine.reply r where r.job_id < _forget_history.upper and not exists (select from unnest(_forget_history.keep) k (id) where k.id = r.job_id) limit 5000));
  get diagnostics v_replies = row_count;
  delete from jobmachine.failed_attempt f
  where f.ctid = any (array(
    select f.ctid from jobmachine.failed_attempt f where f.job_id < _forget_history.upper and not exists (select from unnest(_forget_history.keep) k (id) where k.id = f.job_id) limit 5000));
  get diagnostics v_attempts = row_count;
  return v_replies + v_attempts;
end
$$;
revoke all on function jobmachine._forget_history(bigint, bigint[]) from public;
comment on function jobmachine._forget_history(bigint, bigint[]) is 'Deletes what belongs to jobs that are about to be dropped.';
