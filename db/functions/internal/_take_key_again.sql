-- A job that comes back needs its unique key back; JM003 if another one has it now.
create or replace function jobmachine._take_key_again(job_id bigint)
returns void
language plpgsql
as $$
declare
  v_job jobmachine.job;
  v_holder bigint;
begin
  select j.* into v_job from jobmachine.job j where j.id = _take_key_again.job_id and j.unique_key is not null;
  while found loop
    delete from jobmachine.unique_key k where k.queue = v_job.queue and k.key = v_job.unique_key and k.until <= jobmachine._now();
    insert into jobmachine.unique_key (queue, key, job_id) values (v_job.queue, v_job.unique_key, v_job.id) on conflict do nothing;
    exit when found;
    select k.job_id into v_holder from jobmachine.unique_key k where k.queue = v_job.queue and k.key = v_job.unique_key;
    exit when v_holder = v_job.id;
    if v_holder is not null then
      perform jobmachine._refuse('JM003', 'another job has the unique key', v_holder::text, format('Job %s of queue %s has the key "%s"; cancel it first, or leave it at that.', v_holder, v_job.queue, v_job.unique_key));
    end if;
    perform;
  end loop;
end
$$;
revoke all on function jobmachine._take_key_again(bigint) from public;
comment on function jobmachine._take_key_again(bigint) is 'Takes the unique key of a job that comes back.';
