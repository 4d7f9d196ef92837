-- Locks up to n tickets of one queue, in start order, and returns where they are. It reads from the low-water mark of each
-- priority that has one to the next priority that has one, so the dead tickets below the marks cost nothing; the first
-- stretch is from the beginning to the first mark. None while the queue is paused.
-- A batch may begin at a rank further on, see _collect_batch: its priority is read from there, then from the mark to there,
-- and then come the lower priorities. All in one scan, so nothing is locked that is not returned.
create or replace function jobmachine._collect(queue text, n integer, now timestamptz, start bigint)
returns tid[]
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: and it locks.
declare
  v_queue constant text collate "C" := _collect.queue;
  v_marks bigint[];
  v_paused boolean;
  v_starts bigint[];
  v_nexts bigint[];
begin
  select array(select jobmachine._rank(w.priority, w.position) from jobmachine.low_water w where w.queue = v_queue order by w.priority),
    exists (select from jobmachine.queue q where q.name in (v_queue, '*') and q.paused_at is not null)
  into v_marks, v_paused;
  if v_paused then
    return array[]::tid[];
  end if;
  if _collect.start is not null then
    select 0::bigint || l.higher || array[greatest(_collect.start, l.mark), l.mark, l.up_to] || l.lower,
      l.higher || array[l.lane, l.up_to, l.up_to] || l.lower || jobmachine._rank(10, 0)
    into v_starts, v_nexts
    from (
      select lane.start as lane, lane.up_to, coalesce(max(m.rank) filter (where m.rank >= lane.start and m.rank < lane.up_to), lane.start) as mark,
        coalesce(array_agg(m.rank order by m.rank) filter (where m.rank < lane.start), '{}') as higher,
        coalesce(array_agg(m.rank order by m.rank) filter (where m.rank >= lane.up_to), '{}') as lower
      from (values (jobmachine._rank((_collect.start >> 59)::integer, 0), jobmachine._rank((_collect.start >> 59)::integer + 1, 0))) lane (start, up_to)
      left join unnest(v_marks) m (rank) on true
      group by lane.start, lane.up_to
    ) l;
  end if;
  return array(
    select p.ctid
    from unnest(coalesce(v_starts, 0::bigint || v_marks), coalesce(v_nexts, v_marks || jobmachine._rank(10, 0))) stretch (start, next)
    cross join lateral (
      select p.ctid
      from jobmachine.pending p
      where p.queue = v_queue and p.rank >= stretch.start
        and p.rank < least(jobmachine._rank((stretch.next >> 59)::integer, 0), case when stretch.start < _collect.start then _collect.start end)
        and (p.expires_at is null or p.expires_at > _collect.now)
      order by p.rank
      limit _collect.n
      for update of p skip locked
    ) p
    limit _collect.n);
end
$$;
revoke all on function jobmachine._collect(text, integer, timestamptz, bigint) from public;
comment on function jobmachine._collect(text, integer, timestamptz, bigint) is 'Locks tickets of a queue for a claim.';
