-- All answers, in order. Mostly the last one is the only one: that is one row of one table, and the view has no part in it.
create or replace function jobmachine.replies(job_id bigint, after_seq integer default 0)
returns setof jobmachine.answers
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
begin
  if exists (select from jobmachine.reply r where r.job_id = replies.job_id) then
    return query select a.* from jobmachine.answers a where a.job_id = replies.job_id and a.seq > coalesce(replies.after_seq, 0) order by a.seq;
  elsif coalesce(replies.after_seq, 0) < 1 then
    return query select f.job_id, 1, coalesce(f.state, 'completed'), f.result, coalesce(f.error, f.reason), f.finished_at
      from jobmachine.finished f
      where f.job_id = replies.job_id;
  end if;
end
$$;
comment on function jobmachine.replies(bigint, integer) is
'Returns the answers to a job in order, those after after_seq (default 0: all). Example: select seq, payload from jobmachine.replies(42, after_seq => 3)';
