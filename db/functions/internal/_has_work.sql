-- Is there a ticket that a claim of this queue or pattern could take? Paused queues have none.
create or replace function jobmachine._has_work(queue text, now timestamptz)
returns boolean
language plpgsql
as $$
declare
  v_queue text collate "C" := _has_work.queue;
  v_prefix text collate "C";
begin
  if right(v_queue, 1) = '*' then
    v_prefix := left(v_queue, -1);
    v_queue := jobmachine._next_queue(v_prefix, v_prefix, false);
    while v_queue is not null loop
      if jobmachine._has_work(v_queue, _has_work.now) then
        return true;
      end if;
      v_queue := jobmachine._next_queue(v_prefix, v_queue, true);
    end loop;
    return false;
  end if;
  return not exists (select from jobmachine.queue q where q.name in (v_queue, '*') and q.paused_at is not null)
    and exists (
      select from generate_series(0, 9) lane (priority)
      cross join lateral (
        select from jobmachine.pending p
        where p.queue = v_queue and p.rank < jobmachine._rank(lane.priority + 1, 0) and p.rank >= jobmachine._rank(lane.priority,
            coalesce((select w.position from jobmachine.low_water w where w.queue = v_queue and w.priority = lane.priority), 0))
          and (p.expires_at is null or p.expires_at > _has_work.now)
        limit 1
      ) p);
end
$$;
revoke all on function jobmachine._has_work(text, timestamptz) from public;
comment on function jobmachine._has_work(text, timestamptz) is 'True if a claim of the queue or pattern could find something.';
