-- All answers, in order.
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
  return query select a.* from jobmachine.answers a where a.job_id = replies.job_id and a.seq > coalesce(replies.after_seq, 0) order by a.seq;
end
$$;
comment on function jobmachine.replies(bigint, integer) is
'Returns the answers to a job in order, those after after_seq (default 0: all). Example: select seq, payload from jobmachine.replies(42, after_seq => 3)';
