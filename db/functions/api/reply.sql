-- An interim answer: progress, or a stream.
create or replace function jobmachine.reply(job_id bigint, receipt bigint, payload jsonb)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_seq integer;
begin
  perform jobmachine._check_run(reply.job_id, reply.receipt);
  if reply.payload is null then
    perform jobmachine._refuse('JM001', 'payload is missing', 'payload is null.', 'Give an answer; the JSON null is one.');
  end if;
  perform jobmachine._check_json('reply', reply.payload);
  -- The lock puts answers to one job in order, and keeps the run from ending in between.
  perform from jobmachine.running r where r.job_id = reply.job_id and r.receipt = reply.receipt for no key update;
  if not found then
    return jobmachine._verdict(reply.job_id, reply.receipt);
  end if;
  select coalesce(max(r.seq), 0) + 1 into v_seq from jobmachine.reply r where r.job_id = reply.job_id;
  if v_seq > 1000 then
    perform jobmachine._refuse('JM002', 'too many interim answers', format('Job %s has 1000.', reply.job_id), 'Put the rest into the last answer, or into a table of your own.');
  end if;
  insert into jobmachine.reply (job_id, seq, created_at, payload) values (reply.job_id, v_seq, jobmachine._now(), reply.payload);
  return 'ok';
end
$$;
comment on function jobmachine.reply(bigint, bigint, jsonb) is
'Gives an interim answer (up to 1 MB, at most 1,000 per job) without finishing the job. Returns ok, already, stale or unknown. Errors: JM001, JM002.
Example: select jobmachine.reply(42, 8412393122, ''{"percent": 40}'')';
