-- Job and receipt, as the single verbs are given them.
create or replace function jobmachine._check_run(job_id bigint, receipt bigint)
returns void
language plpgsql
as $$
begin
  if _check_run.job_id is null or _check_run.receipt is null then
    perform jobmachine._refuse('JM001', 'job_id or receipt is missing', 'One of them is null.', 'Give the id and the receipt of a row of claim.');
  end if;
end
$$;
revoke all on function jobmachine._check_run(bigint, bigint) from public;
comment on function jobmachine._check_run(bigint, bigint) is 'Refuses a null job or receipt.';
