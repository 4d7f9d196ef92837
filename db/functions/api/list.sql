-- The newest jobs, found by their numbers: the view would read all that retention keeps. A plan of its own for every call has
-- only the room in it that the state names.
create or replace function jobmachine.list(queue text default null, state text default null, n integer default 50, before bigint default null)
returns setof jobmachine.jobs
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_custom_plan
as $$
declare
  v_before constant bigint := coalesce(list.before, 9223372036854775807);
  v_n constant integer := coalesce(list.n, 50);
  v_ids bigint[];
begin
  if list.state not in ('scheduled', 'pending', 'running', 'completed', 'failed', 'cancelled') then
    perform jobmachine._refuse('JM001', 'there is no such state', format('state is "%s".', left(list.state, 40)),
      'Give scheduled, pending, running, completed, failed or cancelled; null for any.');
  elsif v_n < 1 then
    perform jobmachine._refuse('JM001', 'n is out of range', format('n is %s.', v_n), 'Give 1 or more.');
  end if;
  if list.state is null then
    v_ids := array(select j.id from jobmachine.job j where (list.queue is null or j.queue = list.queue) and j.id < v_before order by j.id desc limit v_n);
  elsif list.state = 'completed' then
    v_ids := array(select f.job_id from jobmachine.finished f where f.state is null and (list.queue is null or f.queue = list.queue) and f.job_id < v_before
      order by f.job_id desc limit v_n);
  else
    v_ids := array(
      select t.id
      from (
        select r.job_id, r.queue from jobmachine.running r where list.state = 'running'
        union all
        select p.job_id, p.queue from jobmachine.pending p where list.state = 'pending'
        union all
        select s.job_id, s.queue from jobmachine.scheduled s where list.state = 'scheduled'
        union all
        select f.job_id, f.queue from jobmachine.finished f where f.state = list.state
      ) t (id, queue)
      where (list.queue is null or t.queue = list.queue) and t.id < v_before
      order by t.id desc limit v_n);
  end if;
  return query select s.* from unnest(v_ids) with ordinality i (id, place) cross join lateral jobmachine.status(i.id) s order by i.place;
end
$$;
comment on function jobmachine.list(text, text, integer, bigint) is
'Returns rows of the view jobs, newest first: the last n jobs sent (1 or more, default 50), of a queue and in a state if these are given, with numbers below before if that is.
Quick however many jobs are kept, but it goes back as far as it must for a queue that is rare, and reads all tickets of a state other than completed. Errors: JM001 no such state, n below 1.
Example: select id, state, error from jobmachine.list(state => ''failed'', n => 20)';
