-- Frees the unique keys of jobs; those that hold for a time as well, or only those that hold as long as the job lives.
-- The limits keep the order of the joins: jobs first, then their keys.
create or replace function jobmachine._free_keys(job_ids bigint[], timed boolean)
returns void
language plpgsql
as $$
begin
  delete from jobmachine.unique_key k
  where k.ctid = any (array(
    select k.ctid
    from unnest(_free_keys.job_ids) i (job_id)
    cross join lateral (select j.queue, j.unique_key from jobmachine.job j where j.id = i.job_id limit 1) j
    cross join lateral (
      select k.ctid from jobmachine.unique_key k
      where k.queue = j.queue and k.key = j.unique_key and k.job_id = i.job_id and k.until is null limit 1
    ) k));
  if _free_keys.timed then
    -- One that a sender is just taking over, its time being up, is no longer ours; it may stay open for long.
    delete from jobmachine.unique_key k
    where k.ctid = any (array(
      select k.ctid
      from unnest(_free_keys.job_ids) i (job_id)
      cross join lateral (select j.queue, j.unique_key from jobmachine.job j where j.id = i.job_id limit 1) j
      cross join lateral (
        select k.ctid from jobmachine.unique_key k
        where k.queue = j.queue and k.key = j.unique_key and k.job_id = i.job_id and k.until is not null limit 1
        for update of k skip locked
      ) k));
  end if;
end
$$;
revoke all on function jobmachine._free_keys(bigint[], boolean) from public;
comment on function jobmachine._free_keys(bigint[], boolean) is 'Frees the unique keys of jobs.';
