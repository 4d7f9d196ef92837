-- What jobs leave to do when they are over: who waits for the answer is woken, their key is free again, and who wanted a
-- job about it gets one.
create or replace function jobmachine._after_end(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  perform jobmachine._ring_waiters(_after_end.job_ids);
  perform jobmachine._free_keys(_after_end.job_ids, false);

  perform jobmachine._insert_pending(j.reply_to,
    array[jsonb_build_object('job_id', i.job_id, 'state', coalesce(f.state, 'completed'), 'reply', f.result, 'error', coalesce(f.error, f.reason))], 5, null, null, null, null, null)
  from unnest(_after_end.job_ids) i (job_id)
  cross join lateral (select j.reply_to from jobmachine.job j where j.id = i.job_id and j.reply_to is not null limit 1) j
  cross join lateral (select f.* from jobmachine.finished f where f.job_id = i.job_id limit 1) f;
end
$$;
revoke all on function jobmachine._after_end(bigint[]) from public;
comment on function jobmachine._after_end(bigint[]) is 'Wakes who waits for jobs that are over, frees their keys and sends what reply_to asks for.';
