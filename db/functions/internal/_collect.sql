-- Locks up to n tickets of one queue, in start order, and returns where they are. It reads from the low-water mark of each
-- priority that has one to the next priority that has one, so the dead tickets below the marks cost nothing; the first
-- stretch is from the beginning to the first mark. A batch may begin later in one of them, see _collect_batch. None while the
-- queue is paused.
create or replace function jobmachine._collect(queue text, n integer, now timestamptz, start bigint default null)
returns tid[]
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile, for a fresh snapshot: and it locks.
declare
  v_queue constant text collate "C" := _collect.queue;
  v_marks bigint[];
  v_paused boolean;
begin
  select array(select jobmachine._rank(w.priority, w.position) from jobmachine.low_water w where w.queue = v_queue order by w.priority),
    exists (select from jobmachine.queue q where q.name in (v_queue, '*') and q.paused_at is not null)
  into v_marks, v_paused;
  if v_paused then
    return array[]::tid[];
  end if;
  if _collect.start is not null then
    v_marks := array(select distinct on (m.rank >> 59) m.rank from (select unnest(v_marks || _collect.start)) m (rank) order by m.rank >> 59, m.rank desc);
  end if;
  return array(
    select p.ctid
    from unnest(0::bigint || v_marks, v_marks || jobmachine._rank(10, 0)) stretch (start, next)
    cross join lateral (
      select p.ctid
      from jobmachine.pending p
      where p.queue = v_queue and p.rank >= stretch.start and p.rank < jobmachine._rank((stretch.next >> 59)::integer, 0)
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
