-- A segment that filled in less than a quarter of the retention is about to be dropped whole; it is not worth DELETEs,
-- unless a queue wants a shorter retention or the drop is overdue.
create or replace function jobmachine._skip_fast_segment(cursor_id bigint, now timestamptz)
returns bigint
language plpgsql
as $$
declare
  v_retention constant interval := (select s.retention from jobmachine._setting('*') s);
  v_upper bigint;
  v_from timestamptz;
  v_to timestamptz;
begin
  if not exists (select from jobmachine.queue q where q.name <> '*' and q.retention < v_retention) then
    select min(b.upper) into v_upper from unnest(jobmachine._segment_bounds()) b (upper) where b.upper > _skip_fast_segment.cursor_id + 1;
    select j.created_at into v_from from jobmachine.job j where j.id > _skip_fast_segment.cursor_id and j.id < v_upper order by j.id limit 1;
    select j.created_at into v_to from jobmachine.job j where j.id >= v_upper order by j.id limit 1;
    if v_to - v_from < v_retention / 4 and v_to > _skip_fast_segment.now - 1.5 * v_retention then
      return v_upper - 1;
    end if;
  end if;
  return _skip_fast_segment.cursor_id;
end
$$;
revoke all on function jobmachine._skip_fast_segment(bigint, timestamptz) from public;
comment on function jobmachine._skip_fast_segment(bigint, timestamptz) is 'Where the purge goes on.';
