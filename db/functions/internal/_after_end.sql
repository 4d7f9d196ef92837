-- What some jobs leave to do when they are over: their key is free again, and who wanted a job about it gets one.
create or replace function jobmachine._after_end(job_ids bigint[])
returns void
language plpgsql
as $$
begin
  delete from jobmachine.unique_key k
  using jobmachine.job j
  where j.id = any (_after_end.job_ids) and j.unique_key is not null
    and k.queue = j.queue and k.key = j.unique_key and k.job_id = j.id and k.until is null;

  perform jobmachine._insert_pending(j.reply_to,
    array[jsonb_build_object('job_id', j.id, 'state', f.state, 'reply', f.result, 'error', coalesce(f.error, f.reason))], 5, null, null, null, null, null)
  from unnest(_after_end.job_ids) i (job_id)
  join jobmachine.job j on j.id = i.job_id
  join jobmachine.finished f on f.job_id = i.job_id
  where j.reply_to is not null;
end
$$;
revoke all on function jobmachine._after_end(bigint[]) from public;
comment on function jobmachine._after_end(bigint[]) is 'Frees the keys of jobs that are over and sends what reply_to asks for.';
