-- Keeps two empty segments ahead of the ids that are handed out. CREATE and ATTACH take only locks that open senders pass.
create or replace function jobmachine._tick_segments()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_meta jobmachine.meta;
  v_position bigint;
  v_bounds bigint[];
  v_last bigint;
begin
  select m.* into v_meta from jobmachine.meta m;
  if v_meta.segments_checked_at > v_now - interval '1 s' then
    return 5::double precision;
  end if;
  select s.last_value into v_position from jobmachine.position s;
  v_bounds := jobmachine._segment_bounds();
  while v_position >= v_bounds[cardinality(v_bounds) - 2] loop
    v_last := v_bounds[cardinality(v_bounds)];
    -- A sequence that was set far ahead is caught up with in one step.
    v_bounds := v_bounds || (greatest(v_last, v_position) + v_meta.segment_size);
    perform jobmachine._add_segment(v_last, v_bounds[cardinality(v_bounds)]);
  end loop;
  update jobmachine.meta m set segments_checked_at = v_now;
  return 5::double precision;
end
$$;
revoke all on function jobmachine._tick_segments() from public;
comment on function jobmachine._tick_segments() is 'Adds segments ahead of need.';
